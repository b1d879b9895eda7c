/** Traces by the OpenTelemetry API. An SDK must be started before the server (see docs/observability.md). */
import type { Span } from '@opentelemetry/api';
import { isWriteStopped } from '../database/errors.ts';
import { isScope } from '../database/pg/user-scope.ts';
import type { BoundStatement } from '../database/statement.ts';
import type { Handler, Route } from '../http/request-context.ts';
import type { Log } from './log.ts';
import { pseudonymize } from './user-hash.ts';

export interface Tracing {
  /** Wraps a handler in a span per request, with the name of its route. */
  traceRequests(route: Route, handle: Handler): Handler;
  /** Runs a database round trip in a span. */
  traceRoundTrip<Result>(statements: readonly BoundStatement[], roundTrip: () => Promise<Result>): Promise<Result>;
}

const tracerName = 'todo-api';

/** Maximum number of statement names in the name of a span. A batch can have a hundred statements. */
const maxStatementNames = 5;

/**
 * Loads the OpenTelemetry API, an optional peer dependency that comes with every SDK.
 *
 * @returns null, after a warning in the log, if the API or an SDK is missing
 */
export async function loadTracing(log: Log): Promise<Tracing | null> {
  const api = await import('@opentelemetry/api').catch(() => null);
  // Without an SDK, spans have no valid id. This span is never ended, and so never exported.
  if (!api?.isSpanContextValid(api.trace.getTracer(tracerName).startSpan('probe').spanContext())) {
    log.warn(
      'OTEL_ variables are set, but no OpenTelemetry SDK is running, so no traces are exported; run `npm install @opentelemetry/auto-instrumentations-node` and start with NODE_OPTIONS="--import @opentelemetry/auto-instrumentations-node/register", or remove the variables',
    );
    return null;
  }
  const { context, propagation, SpanKind, SpanStatusCode, trace } = api;
  const tracer = trace.getTracer(tracerName);

  return {
    traceRequests: (route, handle) => async (c) => {
      const { method } = c.req;
      // If the SDK instruments Node's HTTP server, the request already has a span.
      const activeSpan = trace.getActiveSpan();
      const parent = activeSpan ? context.active() : propagation.extract(context.active(), c.req.header());
      const span = activeSpan ?? tracer.startSpan(method, { kind: SpanKind.SERVER }, parent);
      const response = await context.with(trace.setSpan(parent, span), () => handle(c));
      const problem = c.get('problem');
      const user = c.get('principal')?.userId;
      // The attribute names are from OpenTelemetry's semantic conventions. The path is left out because it can have ids.
      span.updateName(route === undefined ? method : `${method} ${route}`).setAttributes({
        'http.request.method': method,
        'http.response.status_code': response.status,
        'todo_api.request_id': c.get('requestId'),
        ...(route !== undefined && { 'http.route': route }),
        ...(user !== undefined && { 'enduser.pseudo.id': pseudonymize(user) }),
        ...(problem && { 'error.type': problem.code }),
      });
      if (response.status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
      if (!activeSpan) span.end();
      return response;
    },

    async traceRoundTrip(statements, roundTrip) {
      const ownStatements = statements.filter(({ statement }) => !isScope(statement));
      const names = [...new Set(ownStatements.map(({ statement }) => statement.name))];
      const summary = names.slice(0, maxStatementNames).join(' ');
      const attributes = {
        'db.system.name': 'postgresql',
        'db.query.summary': summary,
        'db.operation.batch.size': statements.length,
      };
      return tracer.startActiveSpan(summary, { kind: SpanKind.CLIENT, attributes }, async (span: Span) => {
        try {
          return await roundTrip();
        } catch (error) {
          if (!isWriteStopped(error)) {
            // Only the code, because PostgreSQL's messages quote values of the statement.
            span.setAttribute('error.type', String((error as { code?: unknown }).code ?? (error as Error).name));
            span.setStatus({ code: SpanStatusCode.ERROR });
          }
          throw error;
        } finally {
          span.end();
        }
      });
    },
  };
}
