/** The routes of the trash: the source of their validation, their types and their documentation. */
import { z } from 'zod';
import { ifMatch } from '../http/request/parameters.ts';
import { defineRoute } from '../http/route.ts';
import { idempotencyKey, keyProblems } from '../idempotency/header.ts';
import { changeSetHeader } from '../resource/change.ts';
import { pageHeaders, pageParameters, resourceId, timestamp } from '../resource/schemas.ts';
import { trashed } from './resources.ts';

const tag = 'Trash';
const collection = '/api/v1/trash';
const path = z.strictObject({ id: resourceId });
const writeHeaders = z.object({ 'if-match': ifMatch, ...idempotencyKey });

const state = 'It is as it was before the deletion, except for `version`, which the deletion has incremented.';

const resources = Object.fromEntries(
  Object.entries(trashed).map(([name, { schema }]) => [
    name,
    schema.optional().meta({ description: `The ${name}, if the entry is one. ${state}` }),
  ]),
);

const entry = z
  .strictObject({
    deleted_at: timestamp.meta({ description: 'The time of the deletion.' }),
    change_set: resourceId.meta({ description: 'The change set of the deletion, which can be undone.' }),
    ...resources,
  })
  .meta({ id: 'TrashEntry', description: 'A deleted task or list that can be restored.' });

export const listTrashRoute = defineRoute({
  id: 'listTrash',
  method: 'get',
  path: collection,
  tag,
  summary: 'List the trash',
  description:
    'One page of the user’s deleted tasks and lists, the last deleted first. The `Link` header (RFC 8288) has the next page, if there is one. A page can have fewer entries than `limit` although there is a next one: it ends at 1 MiB of text.',
  token: 'tasks:read',
  request: { query: z.strictObject(pageParameters('entries')) },
  responses: {
    200: {
      description: 'The page.',
      schema: z.array(entry),
      headers: pageHeaders,
    },
  },
  problems: [],
});

export const restoreFromTrashRoute = defineRoute({
  id: 'restoreFromTrash',
  method: 'post',
  path: `${collection}/{id}/restore`,
  tag,
  summary: 'Restore a deleted task or list',
  description:
    'A task has its id, all fields and tags again, under a new version, and so have the subtasks that were deleted with it. A tag takes the spelling that the user’s other tasks have. Without its parent, the task is at the top level, and without its list, in the inbox, each at the end. A list comes back with the tasks that the same request deleted with it. If a task and a list have the id, the last deleted one is restored.',
  token: 'tasks:write',
  request: { path, headers: writeHeaders },
  responses: {
    200: {
      description: 'The restored task or list.',
      // `oneOf`, because some generators of clients do not support `anyOf`.
      schema: z.xor(Object.values(trashed).map(({ schema }) => schema)).meta({ id: 'Restored' }),
      headers: { ETag: 'Its version, for `If-Match` and `If-None-Match`.', ...changeSetHeader },
    },
  },
  problems: ['task_not_found', 'version_mismatch', ...keyProblems],
});

export const purgeFromTrashRoute = defineRoute({
  id: 'purgeFromTrash',
  method: 'delete',
  path: `${collection}/{id}`,
  tag,
  summary: 'Delete a task or list permanently',
  description:
    'It must be in the trash. The server removes its texts and its history, and those of the subtasks that were deleted with a task, and of the tasks that were deleted with a list. This cannot be undone.',
  token: 'tasks:purge',
  request: { path, headers: writeHeaders },
  responses: { 204: { description: 'It is deleted permanently.', headers: changeSetHeader } },
  problems: ['task_not_found', 'version_mismatch', ...keyProblems],
});

export const emptyTrashRoute = defineRoute({
  id: 'emptyTrash',
  method: 'delete',
  path: collection,
  tag,
  summary: 'Empty the trash',
  description: 'Deletes all tasks and lists in the trash permanently. This cannot be undone.',
  token: 'tasks:purge',
  request: { headers: z.object(idempotencyKey) },
  responses: { 204: { description: 'The trash is empty.', headers: changeSetHeader } },
  problems: keyProblems,
});
