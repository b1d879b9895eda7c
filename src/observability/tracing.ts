/** Traces through the OpenTelemetry API, for an SDK that was started before the server (see docs/observability.md). */
import type { Span } from '@opentelemetry/api';
import { isScope } from '../database/pg/user-scope.ts';
import type { BoundStatement } from '../database/statement.ts';
import type { Handler, Route } from '../http/request-context.ts';
import type { Log } from './log.ts';
import { pseudonymize } from './user-hash.ts';

export interface Tracing {
  /** A span for each request, named by its route. */
  traceRequests(route: Route, handle: Handler): Handler;
  /** A span around a round trip to the database. */
  exchange<Result>(statements: readonly BoundStatement[], exchange: () => Promise<Result>): Promise<Result>;
}

const name = 'todo-api';

/** Of a batch of a hundred statements, some are enough to know it by. */
const namedStatements = 5;

/**
 * Loads the API, which is not among the packages that the server brings: whoever installs an SDK has it.
 *
 * @returns null where it or an SDK behind it is missing, which the log tells
 */
export async function loadTracing(log: Log): Promise<Tracing | null> {
  const api = await import('@opentelemetry/api').catch(() => null);
  // Without an SDK spans have no ids. This one is never ended, and so never sent.
  if (!api?.isSpanContextValid(api.trace.getTracer(name).startSpan('probe').spanContext())) {
    log.warn(
      'there are OTEL_ variables, but no OpenTelemetry SDK is running, so there are no traces; run `npm install @opentelemetry/auto-instrumentations-node` and start with NODE_OPTIONS="--import @opentelemetry/auto-instrumentations-node/register", or remove the variables',
    );
    return null;
  }
  const { context, propagation, SpanKind, SpanStatusCode, trace } = api;
  const tracer = trace.getTracer(name);

  return {
    traceRequests: (route, handle) => async (c) => {
      const { method } = c.req;
      // Node's HTTP server may be instrumented by the SDK already: then the span of the request is there.
      const given = trace.getActiveSpan();
      const parent = given ? context.active() : propagation.extract(context.active(), c.req.header());
      const span = given ?? tracer.startSpan(method, { kind: SpanKind.SERVER }, parent);
      const response = await context.with(trace.setSpan(parent, span), () => handle(c));
      const problem = c.get('problem');
      const user = c.get('principal')?.userId;
      // The names are those of OpenTelemetry's semantic conventions. The path itself stays out: it may hold ids.
      span.updateName(route === undefined ? method : `${method} ${route}`).setAttributes({
        'http.request.method': method,
        'http.response.status_code': response.status,
        'todo_api.request_id': c.get('requestId'),
        ...(route !== undefined && { 'http.route': route }),
        ...(user !== undefined && { 'enduser.pseudo.id': pseudonymize(user) }),
        ...(problem && { 'error.type': problem.code }),
      });
      if (response.status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
      if (!given) span.end();
      return response;
    },

    async exchange(statements, exchange) {
      const asked = statements.filter(({ statement }) => !isScope(statement));
      const names = [...new Set(asked.map(({ statement }) => statement.name))];
      const summary = names.slice(0, namedStatements).join(' ');
      const attributes = {
        'db.system.name': 'postgresql',
        'db.query.summary': summary,
        'db.operation.batch.size': statements.length,
      };
      return tracer.startActiveSpan(summary, { kind: SpanKind.CLIENT, attributes }, async (span: Span) => {
        try {
          return await exchange();
        } catch (error) {
          // The code only: PostgreSQL's messages quote the values that it was given.
          span.setAttribute('error.type', String((error as { code?: unknown }).code ?? (error as Error).name));
          span.setStatus({ code: SpanStatusCode.ERROR });
          throw error;
        } finally {
          span.end();
        }
      });
    },
  };
}
