/** The API as one fetch function: the middleware, the routes and their handlers. */
import { Hono } from 'hono';
import { createErasure } from './account/erasure.ts';
import { accountOperations } from './account/handlers.ts';
import { describeApi, routes } from './api.ts';
import { bearerAuthentication, rejectApiTokens, requireScope } from './auth/authenticate.ts';
import { featuresOf } from './auth/better-auth/features.ts';
import { registerIssuerRoutes } from './auth/better-auth/routes.ts';
import { batchOperations } from './batch/handlers.ts';
import { eventOperations } from './changes/events/handlers.ts';
import { eventsPath } from './changes/events/routes.ts';
import { changeOperations } from './changes/handlers.ts';
import { historyOperations } from './history/handlers.ts';
import { mountedAt, placementOfUnknown, placementsOf, redirectToIndex, withPlacement } from './http/base-path.ts';
import { clientClosedStatus, closedReason } from './http/client-closed.ts';
import { internalRequests } from './http/internal-requests.ts';
import { compose } from './http/middleware/compose.ts';
import { limitConcurrency } from './http/middleware/concurrency-limit.ts';
import { allowOrigins } from './http/middleware/cors.ts';
import { assignRequestId } from './http/middleware/request-id.ts';
import type { Env, Handler, Middleware, PreHandler, RequestContext } from './http/request-context.ts';
import { setStandardHeaders } from './http/response/headers.ts';
import { respondWithProblems } from './http/response/problem.ts';
import { attachHandlers, isScope, type Operation, type RouteDefinition } from './http/route.ts';
import { methodNotAllowed } from './http/router/method-not-allowed.ts';
import { type RegisterHandlers, registerRoutes } from './http/router/register-routes.ts';
import { SingleMatchRouter } from './http/router/single-match-router.ts';
import { listOperations } from './lists/handlers.ts';
import { mcpOperations, requireKnownOrigin, withMetadata } from './mcp/handlers.ts';
import type { EmitEvent } from './observability/events.ts';
import { requestEvent, streamEvent } from './observability/request-event.ts';
import { ProblemError } from './problems/problem.ts';
import { version } from './runtime/version.ts';
import { type Services, writeContextOf } from './services.ts';
import { documentationOperations, registerDocumentationAssets } from './system/docs.ts';
import { healthOperations, healthPaths } from './system/health.ts';
import { meOperation } from './system/me.ts';
import { tagOperations } from './tags/handlers.ts';
import { taskOperations } from './tasks/handlers.ts';
import { recurrenceOperations } from './tasks/recurrence/handlers.ts';
import { tokenOperations } from './tokens/handlers.ts';
import { trashOperations } from './trash/handlers.ts';
import { undoOperations } from './undo/handlers.ts';

export function createApp(services: Services): Hono<Env> {
  const { config, issuer, limits, emit, mcpVerifier, tracing, verifier } = services;
  const { basePath, corsOrigins } = config.server;
  const app = new Hono<Env>({ router: new SingleMatchRouter() });

  const middleware: readonly Middleware[] = [
    ...(tracing ? [tracing.traceRequests] : []),
    recordRequests(emit),
    allowOrigins(corsOrigins),
    respondWithProblems,
    limitConcurrency({ exempt: healthPaths, endless: [eventsPath] }),
  ];
  const withMiddleware = compose(middleware);

  const limited = (authenticate: (context: RequestContext) => Promise<void>): readonly PreHandler[] => [
    (context) => limits.throttleAuthFailures(context, () => authenticate(context)),
    limits.enforceRequestLimit,
  ];
  const preHandlers = limited(bearerAuthentication(verifier));
  const permissions = ({ token, rejectsApiTokens }: RouteDefinition): readonly PreHandler[] => [
    ...(rejectsApiTokens ? [rejectApiTokens] : []),
    ...(isScope(token) ? [requireScope(token)] : []),
  ];

  const register: RegisterHandlers = (route, handlers) => {
    for (const placement of placementsOf(basePath)) {
      const handle = (handler: Handler) => withPlacement(() => placement, withMiddleware(route, handler));
      const path = mountedAt(placement, route);
      for (const [method, handler] of Object.entries(handlers)) app.on(method, path, handle(handler));
      app.all(path, handle(methodNotAllowed(Object.keys(handlers))));
    }
  };
  const operations = attachHandlers(routes, implementations(services));
  registerRoutes(register, operations, (route) => [...preHandlers, ...permissions(route)]);
  const ofMcp = [
    requireKnownOrigin(config.server),
    ...limited(withMetadata(bearerAuthentication(mcpVerifier), config.server)),
  ];
  registerRoutes(register, mcpOperations(config, internalRequests(operations, permissions)), () => ofMcp);
  registerDocumentationAssets(register);
  const features = config.auth.mode === 'embedded' ? featuresOf(config.auth) : null;
  if (issuer && features) registerIssuerRoutes(register, issuer, features, limits, config.limits);

  const notFound: Handler = (context) => {
    if (basePath !== '' && context.req.path === basePath) return redirectToIndex(context);
    throw new ProblemError('not_found');
  };
  const unknownPlacement = (path: string) => placementOfUnknown(basePath, path);
  app.notFound(withPlacement(unknownPlacement, withMiddleware(undefined, notFound)));
  return app;
}

/** The handler of each route. */
function implementations(services: Services): Operation[] {
  const { apiTokens, config, database, emit, issuer, log, openExports, openStreams, ping, waitingPolls, wakeUps } =
    services;
  const writes = writeContextOf(services);
  let document: object | undefined;
  return [
    ...taskOperations(writes),
    ...listOperations(writes),
    ...batchOperations(writes),
    ...recurrenceOperations(writes),
    ...historyOperations(database.asUser),
    ...trashOperations(writes),
    ...undoOperations(writes),
    ...tagOperations(writes),
    ...changeOperations({ database: database.asUser, wakeUps, waitingPolls }),
    ...eventOperations({
      database: database.asUser,
      wakeUps,
      openStreams,
      watchToken: apiTokens.watch,
      onEnd: (context, startedAt, { reason, problem }) => emit(streamEvent(context, startedAt, reason, problem)),
    }),
    ...tokenOperations(writes, apiTokens, issuer?.hasSession),
    meOperation,
    ...accountOperations({
      writes,
      eraseUser: createErasure({
        database: database.asUser,
        quotas: config.quotas,
        revokeToken: apiTokens.revoke,
        onErased: wakeUps.wake,
      }),
      openExports,
      watchToken: apiTokens.watch,
      onExportError: (context, error) =>
        log.warn({ err: error, request_id: context.get('requestId') }, 'an export was cut'),
    }),
    ...healthOperations(ping),
    ...documentationOperations(version, () => {
      document ??= describeApi({
        issuer: config.auth.mode === 'embedded' ? featuresOf(config.auth) : null,
        basePath: config.server.basePath,
      });
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
    if (context.env.isAnswered) return response;
    const closed = closedReason(context.env, response.status);
    emit(requestEvent(context, route, closed ? clientClosedStatus : response.status, start, closed));
    return response;
  };
}
