/** The API as one fetch function: what happens to a request, top to bottom. */
import { Hono } from 'hono';
import { authenticate, requireScope } from './auth/bearer.ts';
import { mountIssuer } from './auth/issuer-routes.ts';
import { meOperation } from './auth/me.ts';
import type { Env } from './http/context.ts';
import { allowOrigins } from './http/cors.ts';
import { documentationOperations, mountDocumentationAssets } from './http/documentation.ts';
import { healthOperations } from './http/health.ts';
import { boundInFlight } from './http/in-flight.ts';
import { mountOperations } from './http/mount.ts';
import { openApiDocument } from './http/openapi.ts';
import type { Operation } from './http/operation.ts';
import { respondWithProblem } from './http/problem-response.ts';
import { identifyRequest } from './http/request-id.ts';
import { standardHeaders } from './http/standard-headers.ts';
import { StaticFirstRouter } from './http/static-first-router.ts';
import { recordRequests } from './observability/request-log.ts';
import { ProblemError } from './problems/problem.ts';
import type { Services } from './services.ts';
import { taskOperations } from './tasks/handlers.ts';
import { tagOperations } from './tasks/tags.ts';
import { version } from './version.ts';

export function createApp(services: Services): Hono<Env> {
  const app = new Hono<Env>({ router: new StaticFirstRouter() });

  app.use(identifyRequest);
  app.use(standardHeaders);
  if (services.tracing) app.use(services.tracing.traceRequests);
  app.use(recordRequests(services.record));
  app.use(allowOrigins(services.config.server.corsOrigins));
  app.use(boundInFlight());

  mountOperations(app, operationsOf(services), (need) => [
    services.limits.watchFailures,
    authenticate(services.verifier),
    services.limits.countRequest,
    ...(need === 'any' ? [] : [requireScope(need)]),
  ]);
  mountDocumentationAssets(app);
  if (services.issuer) mountIssuer(app, services.issuer, services.limits);

  app.notFound((context) => respondWithProblem(new ProblemError('not_found'), context));
  app.onError(respondWithProblem);
  return app;
}

/** The document that `/openapi.json` answers, without a database or an issuer behind it. */
export function describeApi(): object {
  return openApiDocument(operationsOf(null), { version });
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
    ...documentationOperations(() => {
      document ??= describeApi();
      return document;
    }),
  ];
}
