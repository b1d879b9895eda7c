/** The API as one fetch function: the middleware, the routes and their handlers. */
import { Hono } from 'hono';
import { describeApi, routes } from './api.ts';
import { bearerAuthentication, requireScope } from './auth/authenticate.ts';
import { registerIssuerRoutes } from './auth/better-auth/routes.ts';
import { mountedAt, placementOfUnknown, placementsOf, withPlacement } from './http/base-path.ts';
import { compose } from './http/middleware/compose.ts';
import { limitConcurrency } from './http/middleware/concurrency-limit.ts';
import { allowOrigins } from './http/middleware/cors.ts';
import { assignRequestId } from './http/middleware/request-id.ts';
import { clientClosedStatus, closedReason, isAnswered } from './http/node/client-closed.ts';
import type { Env, Handler, Middleware, PreHandler } from './http/request-context.ts';
import { setStandardHeaders } from './http/response/headers.ts';
import { respondWithProblems } from './http/response/problem.ts';
import { attachHandlers, type Operation } from './http/route.ts';
import { methodNotAllowed } from './http/router/method-not-allowed.ts';
import { type RegisterHandlers, registerRoutes } from './http/router/register-routes.ts';
import { SingleMatchRouter } from './http/router/single-match-router.ts';
import type { EmitEvent } from './observability/events.ts';
import { requestEvent } from './observability/request-event.ts';
import type { Scope } from './principal.ts';
import { ProblemError } from './problems/problem.ts';
import { version } from './runtime/version.ts';
import type { Services } from './services.ts';
import { documentationOperations, registerDocumentationAssets } from './system/docs.ts';
import { healthOperations, healthPaths } from './system/health.ts';
import { meOperation } from './system/me.ts';
import { tagOperations } from './tags/handlers.ts';
import { taskOperations } from './tasks/handlers.ts';

export function createApp(services: Services): Hono<Env> {
  const { config, issuer, limits, emit, tracing, verifier } = services;
  const app = new Hono<Env>({ router: new SingleMatchRouter() });

  const bound = limitConcurrency();
  const allow = withCors(config.server.corsOrigins);
  const trace = tracing?.traceRequests ?? ((_route: Route, handle: Handler) => handle);
  const { basePath } = config.server;
  const around = (route: Route, placement: Placement | null, handle: Handler): Handler =>
    trace(route, place(placement, basePath, tell(emit, route, allow(withProblems(bound(route, handle))))));
  const mount: RegisterHandlers = (route, handles) => {
    for (const placement of placementsOf(basePath)) {
      const path = mountedAt(placement, route);
      for (const [method, handle] of Object.entries(handles)) app.on(method, path, around(route, placement, handle));
      app.all(path, around(route, placement, methodNotAllowed(Object.keys(handles))));
    }
  };

  const authenticate = bearerAuthentication(verifier);
  const preHandlers: readonly PreHandler[] = [
    (context) => limits.throttleAuthFailures(context, () => authenticate(context)),
    limits.enforceRequestLimit,
  ];
  const preHandlersFor = (credential: Scope | 'any') =>
    credential === 'any' ? preHandlers : [...preHandlers, requireScope(credential)];

  const register: RegisterHandlers = (route, handlers) => {
    for (const placement of placementsOf(basePath)) {
      const handle = (handler: Handler) => withPlacement(() => placement, withMiddleware(route, handler));
      const path = mountedAt(placement, route);
      for (const [method, handler] of Object.entries(handlers)) app.on(method, path, handle(handler));
      app.all(path, handle(methodNotAllowed(Object.keys(handlers))));
    }
  };
  registerRoutes(register, attachHandlers(routes, implementations(services)), preHandlersFor);
  registerDocumentationAssets(register);
  if (issuer) registerIssuerRoutes(register, issuer, limits);

  const notFound: Handler = () => {
    throw new ProblemError('not_found');
  };
  const unknownPlacement = (path: string) => placementOfUnknown(basePath, path);
  app.notFound(withPlacement(unknownPlacement, withMiddleware(undefined, notFound)));
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
function tell(emit: EmitEvent, route: Route, handle: Handler): Handler {
  return async (context) => {
    const start = performance.now();
    assignRequestId(context);
    const response = await handle(context);
    setStandardHeaders(context);
    // Its line says already what was wrong with the rest of the body.
    if (isAnswered(context.env.incoming)) return response;
    const closed = closedReason(context, response.status);
    emit(requestEvent(context, route, closed ? clientClosedStatus : response.status, start, closed));
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
    ...taskOperations(database.asUser),
    ...tagOperations(database.asUser),
    meOperation,
    ...healthOperations(ping),
    ...documentationOperations(version, () => {
      document ??= describeApi({ hasIssuer: issuer !== null, basePath: config.server.basePath });
      return document;
    }),
  ];
}

/** Assigns the request id, sets the standard response headers, and emits an event when a request has completed. */
function recordRequests(emit: EmitEvent): Middleware {
  return (route, next) => async (context) => {
    const start = performance.now();
    assignRequestId(context);
    const response = await next(context);
    setStandardHeaders(context);
    // The server has responded to the rest of the body with 400, and has emitted the event.
    if (isAnswered(context.env.incoming)) return response;
    const closed = closedReason(context, response.status);
    emit(requestEvent(context, route, closed ? clientClosedStatus : response.status, start, closed));
    return response;
  };
}
