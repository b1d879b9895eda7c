/** The routes of lists: the source of their validation, their types and their documentation. */
import { z } from 'zod';
import { ifMatch, ifNoneMatch } from '../http/request/parameters.ts';
import { defineRoute } from '../http/route.ts';
import { idempotencyKey, keyProblems } from '../idempotency/header.ts';
import { changeSetHeader } from '../resource/change.ts';
import { resourceId } from '../resource/schemas.ts';
import { list, listCreate, listMove, listPatch, listReplace, tasksOfDeleted } from './schemas.ts';

const tag = 'Lists';
const collection = '/api/v1/lists';
const member = '/api/v1/lists/{id}';

const path = z.strictObject({ id: resourceId });
const writeHeaders = z.object({ 'if-match': ifMatch, ...idempotencyKey });
const etag = { ETag: 'The version of the list, for `If-Match` and `If-None-Match`.' };
const changed = { 200: { description: 'The changed list.', schema: list, headers: { ...etag, ...changeSetHeader } } };

export const listListsRoute = defineRoute({
  id: 'listLists',
  method: 'get',
  path: collection,
  tag,
  summary: 'List the lists',
  description: 'All lists of the user, sorted by `position`, then by `id`. The inbox is not one of them.',
  token: 'tasks:read',
  request: {},
  responses: { 200: { description: 'The lists.', schema: z.array(list) } },
  problems: [],
});

export const createListRoute = defineRoute({
  id: 'createList',
  method: 'post',
  path: collection,
  tag,
  summary: 'Create a list',
  description:
    'With an `id` of your own, the request is safe to repeat: if the stored list has all fields of the request, the response is 200.',
  token: 'tasks:write',
  request: { headers: z.object(idempotencyKey), body: listCreate },
  responses: {
    201: {
      description: 'The new list.',
      schema: list,
      headers: { ...etag, ...changeSetHeader, Location: 'The path of the list.' },
    },
    200: {
      description: 'The list already exists with these fields.',
      schema: list,
      headers: { ...etag, ...changeSetHeader },
    },
  },
  problems: ['id_taken', ...keyProblems],
});

export const readListRoute = defineRoute({
  id: 'readList',
  method: 'get',
  path: member,
  tag,
  summary: 'Read a list',
  token: 'tasks:read',
  request: { path, headers: z.object({ 'if-none-match': ifNoneMatch }) },
  responses: {
    200: { description: 'The list.', schema: list, headers: etag },
    304: { description: 'The list still has the entity tag of `If-None-Match`.', headers: etag },
  },
  problems: ['list_not_found'],
});

export const replaceListRoute = defineRoute({
  id: 'replaceList',
  method: 'put',
  path: member,
  tag,
  summary: 'Replace a list',
  description:
    'Omitted fields return to their defaults, except for `position`, which stays. So a client that omits null fields can clear one with PUT.',
  token: 'tasks:write',
  request: { path, headers: writeHeaders, body: listReplace },
  responses: changed,
  problems: ['list_not_found', 'version_mismatch', ...keyProblems],
});

export const patchListRoute = defineRoute({
  id: 'patchList',
  method: 'patch',
  path: member,
  tag,
  summary: 'Change a list',
  description:
    'A JSON Merge Patch (RFC 7396). A patch without changes keeps the version. A client that omits null fields cannot clear a field by PATCH; PUT resets omitted fields.',
  token: 'tasks:write',
  request: { path, headers: writeHeaders, body: listPatch },
  bodyTypes: ['application/json', 'application/merge-patch+json'],
  responses: changed,
  problems: ['list_not_found', 'version_mismatch', ...keyProblems],
});

export const deleteListRoute = defineRoute({
  id: 'deleteList',
  method: 'delete',
  path: member,
  tag,
  summary: 'Delete a list',
  description:
    'The list moves to the trash, from which it can be restored. A list with tasks, open or done, is deleted only if the request says what happens to them. All of it is one change set, which can be undone.',
  token: 'tasks:write',
  request: {
    path,
    query: z.strictObject({
      tasks: tasksOfDeleted.optional().meta({
        description:
          '`delete`: its tasks move to the trash with it. `keep`: they move to the end of the inbox, in their order. Without it, the list must have no tasks.',
      }),
    }),
    headers: writeHeaders,
  },
  responses: { 204: { description: 'The list is in the trash.', headers: changeSetHeader } },
  problems: ['list_not_found', 'list_not_empty', 'version_mismatch', ...keyProblems],
});

export const moveListRoute = defineRoute({
  id: 'moveList',
  method: 'post',
  path: `${member}/move`,
  tag,
  summary: 'Move a list',
  description:
    'The list gets a `position` at the place among the user’s other lists. If there is none between its new neighbors, because they have the same position or long ones, the other lists get new positions, too. A list that is at the place keeps its position.',
  token: 'tasks:write',
  request: { path, headers: writeHeaders, body: listMove },
  responses: { 200: { description: 'The moved list.', schema: list, headers: { ...etag, ...changeSetHeader } } },
  problems: ['list_not_found', 'version_mismatch', ...keyProblems],
});
