/** The routes of the API and their OpenAPI document. No route has its handler here, so no database is necessary. */
import { eraseMeRoute, exportRoute, importRoute } from './account/routes.ts';
import type { IssuerFeatures } from './auth/better-auth/features.ts';
import { issuerDescriptions } from './auth/better-auth/operations.ts';
import { runBatchRoute, runTaskBatchRoute } from './batch/routes.ts';
import { streamEventsRoute } from './changes/events/routes.ts';
import { listChangesRoute } from './changes/routes.ts';
import { readHistoryRoute } from './history/routes.ts';
import { openApiDocument } from './http/openapi/document.ts';
import type { RouteDefinition } from './http/route.ts';
import {
  createListRoute,
  deleteListRoute,
  listListsRoute,
  moveListRoute,
  patchListRoute,
  readListRoute,
  replaceListRoute,
} from './lists/routes.ts';
import { version } from './runtime/version.ts';
import { documentationRoutes } from './system/docs.ts';
import { healthRoutes } from './system/health.ts';
import { readMeRoute } from './system/me.ts';
import { listTagsRoute, renameTagRoute } from './tags/routes.ts';
import { listOccurrencesRoute, previewRecurrenceRoute, skipTaskRoute } from './tasks/recurrence/routes.ts';
import {
  countTasksRoute,
  createTaskRoute,
  deleteTaskRoute,
  listTasksRoute,
  moveTaskRoute,
  patchTaskRoute,
  readTaskRoute,
  replaceTaskRoute,
} from './tasks/routes.ts';
import { createTokenRoute, deleteTokenRoute, listTokensRoute } from './tokens/routes.ts';
import { emptyTrashRoute, listTrashRoute, purgeFromTrashRoute, restoreFromTrashRoute } from './trash/routes.ts';
import { undoRoute } from './undo/routes.ts';

/** The routes that this server handles itself, in the order of the OpenAPI document. */
export const routes: readonly RouteDefinition[] = [
  listTasksRoute,
  countTasksRoute,
  runTaskBatchRoute,
  createTaskRoute,
  readTaskRoute,
  replaceTaskRoute,
  patchTaskRoute,
  moveTaskRoute,
  deleteTaskRoute,
  skipTaskRoute,
  listOccurrencesRoute,
  previewRecurrenceRoute,
  listListsRoute,
  createListRoute,
  readListRoute,
  replaceListRoute,
  patchListRoute,
  moveListRoute,
  deleteListRoute,
  runBatchRoute,
  readHistoryRoute,
  listTrashRoute,
  emptyTrashRoute,
  restoreFromTrashRoute,
  purgeFromTrashRoute,
  undoRoute,
  listTagsRoute,
  renameTagRoute,
  listChangesRoute,
  streamEventsRoute,
  readMeRoute,
  eraseMeRoute,
  exportRoute,
  importRoute,
  listTokensRoute,
  createTokenRoute,
  deleteTokenRoute,
  ...healthRoutes,
  ...documentationRoutes,
];

const introduction = `The tasks of an application’s users. Each operation under \`/api/v1\` acts for the user of its bearer token, and only on that user’s tasks.

Rules for clients:
- Ignore fields and headers that you do not know. Responses can gain new ones within this version. Requests cannot: an unknown field or parameter is rejected with 422.
- Decide by the \`status\` and \`code\` of a problem. Treat an unknown code like its status.
- PATCH clears a field that is sent as \`null\`. A client that omits null fields cannot clear a field with PATCH: use PUT, which resets omitted fields to their defaults.
- Send \`If-Match\` with the \`ETag\` that you read, so that you do not overwrite the change of another client. Send \`Idempotency-Key\` with writes that you retry.
- A token with \`tasks:write\` but without \`tasks:read\` gets responses with status 200 to its writes without a body, and with \`Preference-Applied: return=minimal\`. A new task (201) is in the response.`;

/**
 * The OpenAPI document, as served at `/openapi.json`.
 *
 * @param options.issuer the features of the embedded issuer; null without one
 * @param options.basePath the path of PUBLIC_URL
 */
export function describeApi({ issuer, basePath = '' }: ApiOptions): object {
  const described = [...routes, ...(issuer ? issuerDescriptions(issuer) : [])];
  return openApiDocument(described, { title: 'todo-api', introduction, version, basePath });
}

interface ApiOptions {
  readonly issuer: IssuerFeatures | null;
  readonly basePath?: string;
}
