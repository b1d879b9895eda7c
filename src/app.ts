/** The API as one fetch function: what happens to a request, top to bottom. */
import { Hono } from 'hono';
import { bearerAuthentication, requireScope } from './auth/authenticate.ts';
import { issuerDescriptions } from './auth/better-auth/operations.ts';
import { registerIssuerRoutes } from './auth/better-auth/routes.ts';
import { mountedAt, placementOfUnknown, placementsOf } from './http/base-path.ts';
import { limitConcurrency } from './http/middleware/concurrency-limit.ts';
import { withCors } from './http/middleware/cors.ts';
import { assignRequestId } from './http/middleware/request-id.ts';
import { clientClosedStatus, closedReason, isAnswered } from './http/node/client-closed.ts';
import { openApiDocument } from './http/openapi/document.ts';
import type { Env, Handler, Placement, Route } from './http/request-context.ts';
import { setStandardHeaders } from './http/response/headers.ts';
import { withProblems } from './http/response/problem.ts';
import type { Operation } from './http/route.ts';
import { methodNotAllowed } from './http/router/method-not-allowed.ts';
import { type RegisterHandlers, registerRoutes } from './http/router/register-routes.ts';
import { SingleMatchRouter } from './http/router/single-match-router.ts';
import type { EmitEvent } from './observability/events.ts';
import { requestEvent } from './observability/request-event.ts';
import { ProblemError } from './problems/problem.ts';
import { version } from './runtime/version.ts';
import type { Services } from './services.ts';
import { documentationOperations, mountDocumentationAssets } from './system/docs.ts';
import { healthOperations } from './system/health.ts';
import { meOperation } from './system/me.ts';
import { tagOperations } from './tags/handlers.ts';
import { taskOperations } from './tasks/handlers.ts';

export function createApp(services: Services): Hono<Env> {
  const { config, issuer, limits, record, tracing, verifier } = services;
  const app = new Hono<Env>({ router: new SingleMatchRouter() });

  const bound = limitConcurrency();
  const allow = withCors(config.server.corsOrigins);
  const trace = tracing?.traceRequests ?? ((_route: Route, handle: Handler) => handle);
  const { basePath } = config.server;
  const around = (route: Route, placement: Placement | null, handle: Handler): Handler =>
    trace(route, place(placement, basePath, tell(record, route, allow(withProblems(bound(route, handle))))));
  const mount: RegisterHandlers = (route, handles) => {
    for (const placement of placementsOf(basePath)) {
      const path = mountedAt(placement, route);
      for (const [method, handle] of Object.entries(handles)) app.on(method, path, around(route, placement, handle));
      app.all(path, around(route, placement, methodNotAllowed(Object.keys(handles))));
    }
  };

  const authenticate = bearerAuthentication(verifier);
  registerRoutes(mount, operationsOf(services), (need) => [
    (context) => limits.throttleAuthFailures(context, () => authenticate(context)),
    limits.enforceRequestLimit,
    ...(need === 'any' ? [] : [requireScope(need)]),
  ]);
  mountDocumentationAssets(mount);
  if (issuer) registerIssuerRoutes(mount, issuer, limits);
  app.notFound(
    around(undefined, null, () => {
      throw new ProblemError('not_found');
    }),
  );
  return app;
}

/** Tells a request how its route stands below the base path; `placement` is null where no route answers it. */
function place(placement: Placement | null, basePath: string, handle: Handler): Handler {
  return (context) => {
    context.set('placement', placement ?? placementOfUnknown(basePath, context.req.path));
    return handle(context);
  };
}

/** Gives a request its name, and its answer the headers that all have; tells of it when it is over. */
function tell(record: EmitEvent, route: Route, handle: Handler): Handler {
  return async (context) => {
    const start = performance.now();
    assignRequestId(context);
    const response = await handle(context);
    setStandardHeaders(context);
    // `rejectMalformedRequests` has recorded it.
    if (isAnswered(context.env.incoming)) return response;
    const closed = closedReason(context, response.status);
    record(requestEvent(context, route, closed ? clientClosedStatus : response.status, start, closed));
    return response;
  };
}

/**
 * The document that `/openapi.json` answers.
 *
 * @param options.hasIssuer whether it has the endpoints of the embedded issuer
 * @param options.basePath the path of PUBLIC_URL
 */
export function describeApi({ hasIssuer, basePath = '' }: { hasIssuer: boolean; basePath?: string }): object {
  const descriptions = operationsOf(null).map(({ description }) => description);
  const all = [...descriptions, ...(hasIssuer ? issuerDescriptions : [])];
  return openApiDocument(all, { version, basePath });
}

/** Every operation of the API; those made without services can be described, not called. */
function operationsOf(services: Services | null): Operation[] {
  const unavailable = () => Promise.reject(new Error('this operation is only a description'));
  const database = services?.database.asUser ?? { run: unavailable, transact: unavailable };
  const ping = services ? () => services.ping() : unavailable;
  let document: object | undefined;
  return [
    ...taskOperations(database),
    ...tagOperations(database),
    meOperation,
    ...healthOperations(ping),
    ...documentationOperations(version, () => {
      document ??= describeApi({
        hasIssuer: services?.issuer != null,
        basePath: services?.config.server.basePath ?? '',
      });
      return document;
    }),
  ];
}
