/** The routes of tasks: the source of their validation, their types and their documentation. */
import { z } from 'zod';
import { ifMatch, ifNoneMatch, wholeNumber } from '../http/request/parameters.ts';
import { defineRoute } from '../http/route.ts';
import { idempotencyKey, keyProblems } from '../idempotency/header.ts';
import { changeSetHeader } from '../resource/change.ts';
import { pageHeaders, pageParameters, resourceId } from '../resource/schemas.ts';
import { filterParameters, type ListFilters, ranges, sorts } from './list-parameters.ts';
import { todayParameter } from './recurrence/schemas.ts';
import { task, taskBodyLimit, taskCreate, taskMove, taskPatch, taskReplace } from './schemas.ts';

const tag = 'Tasks';
const collection = '/api/v1/tasks';
const member = '/api/v1/tasks/{id}';

/** Maximum number of skipped tasks. */
export const maxSkip = 10_000;

const path = z.strictObject({ id: resourceId });
const todayQuery = z.strictObject(todayParameter);

const sort = z.enum(sorts).meta({
  id: 'TaskSort',
  // Without these names, generators distinguish the two directions by a number or an underscore.
  'x-enum-varnames': sorts.map((name) => (name.startsWith('-') ? `${name.slice(1)}_DESC` : name).toUpperCase()),
});
const etag = { ETag: 'The version of the task, for `If-Match` and `If-None-Match`.' };

/** Requires that no range of the filters ends before it begins. */
function requireOrder({ value, issues }: z.core.ParsePayload<ListFilters>): void {
  const invalid = issues.map(({ path: [name] = [] }) => name);
  for (const [from, to] of ranges) {
    const [first, last] = [value[from], value[to]];
    if (first === undefined || last === undefined || invalid.includes(from) || invalid.includes(to)) continue;
    if (Date.parse(first) > Date.parse(last)) {
      issues.push({ code: 'custom', path: [to], message: `must not be before ${from}`, input: last });
    }
  }
}

export const listTasksRoute = defineRoute({
  id: 'listTasks',
  method: 'get',
  path: collection,
  tag,
  summary: 'List tasks',
  description:
    'One page of the user’s tasks. The `Link` header (RFC 8288) has the next page, if there is one. A page can have fewer tasks than `limit` although there is a next one: it ends at 1 MiB of titles and descriptions.',
  token: 'tasks:read',
  request: {
    query: z
      .strictObject({
        ...pageParameters('tasks'),
        skip: wholeNumber(0, maxSkip, 0, 'Number of tasks to skip, for clients that count pages.'),
        ...filterParameters,
        sort: sort.default('-created_at').meta({
          description:
            'Sort order; `-` in front means descending. Equal tasks are sorted by `id`, in the same direction.',
        }),
      })
      .refine(({ cursor, skip }) => cursor === undefined || skip === 0, {
        path: ['skip'],
        error: 'cannot be combined with cursor',
      })
      .check(requireOrder),
  },
  responses: {
    200: {
      description: 'The page.',
      schema: z.array(task),
      headers: pageHeaders,
    },
  },
  problems: [],
});

export const countTasksRoute = defineRoute({
  id: 'countTasks',
  method: 'get',
  path: `${collection}/count`,
  tag,
  summary: 'Count tasks',
  description: 'The number of tasks that a list with these filters has on all its pages.',
  token: 'tasks:read',
  request: { query: z.strictObject(filterParameters).check(requireOrder) },
  responses: {
    200: {
      description: 'The number.',
      schema: z
        .strictObject({ count: z.int().min(0).meta({ description: 'Number of tasks.', example: 3 }) })
        .meta({ id: 'TaskCount' }),
    },
  },
  problems: [],
});

export const createTaskRoute = defineRoute({
  id: 'createTask',
  method: 'post',
  path: collection,
  tag,
  summary: 'Create a task',
  description:
    'Without a `position`, the task is at the end of its siblings. With an `id` of your own, the request is safe to repeat: if the stored task has all fields of the request, the response is 200.',
  token: 'tasks:write',
  request: { headers: z.object(idempotencyKey), body: taskCreate },
  bodyLimit: taskBodyLimit,
  responses: {
    201: {
      description: 'The new task.',
      schema: task,
      headers: { ...etag, ...changeSetHeader, Location: 'The path of the task.' },
    },
    200: {
      description: 'The task already exists with these fields.',
      schema: task,
      headers: { ...etag, ...changeSetHeader },
    },
  },
  problems: ['id_taken', ...keyProblems],
});

export const readTaskRoute = defineRoute({
  id: 'readTask',
  method: 'get',
  path: member,
  tag,
  summary: 'Read a task',
  token: 'tasks:read',
  request: { path, headers: z.object({ 'if-none-match': ifNoneMatch }) },
  responses: {
    200: { description: 'The task.', schema: task, headers: etag },
    304: { description: 'The task still has the entity tag of `If-None-Match`.', headers: etag },
  },
  problems: ['task_not_found'],
});

export const replaceTaskRoute = defineRoute({
  id: 'replaceTask',
  method: 'put',
  path: member,
  tag,
  summary: 'Replace a task',
  description:
    'Omitted fields return to their defaults, so a client that omits null fields can clear one with PUT. An omitted `position` stays. The effects on subtasks are those of PATCH.',
  token: 'tasks:write',
  request: {
    path,
    query: todayQuery,
    headers: z.object({ 'if-match': ifMatch, ...idempotencyKey }),
    body: taskReplace,
  },
  bodyLimit: taskBodyLimit,
  responses: { 200: { description: 'The changed task.', schema: task, headers: { ...etag, ...changeSetHeader } } },
  problems: ['task_not_found', 'version_mismatch', ...keyProblems],
});

export const patchTaskRoute = defineRoute({
  id: 'patchTask',
  method: 'patch',
  path: member,
  tag,
  summary: 'Change a task',
  description:
    'A JSON Merge Patch (RFC 7396). A patch without changes keeps the version. A client that omits null fields cannot clear a field by PATCH; PUT resets omitted fields. With another `list_id` or `parent_id` and without a `position`, the task is at the end of its new siblings. Its subtasks follow it into the list, and the open ones are completed with it.',
  token: 'tasks:write',
  request: {
    path,
    query: todayQuery,
    headers: z.object({ 'if-match': ifMatch, ...idempotencyKey }),
    body: taskPatch,
  },
  bodyLimit: taskBodyLimit,
  bodyTypes: ['application/json', 'application/merge-patch+json'],
  responses: { 200: { description: 'The changed task.', schema: task, headers: { ...etag, ...changeSetHeader } } },
  problems: ['task_not_found', 'version_mismatch', ...keyProblems],
});

export const moveTaskRoute = defineRoute({
  id: 'moveTask',
  method: 'post',
  path: `${member}/move`,
  tag,
  summary: 'Move a task',
  description:
    'Moves a task to a place among its siblings, or among those in another list or below another parent. Its subtasks follow it. If no position is left between two siblings, others get new positions in the same change set. A move to the place where the task is changes nothing.',
  token: 'tasks:write',
  request: { path, headers: z.object({ 'if-match': ifMatch, ...idempotencyKey }), body: taskMove },
  responses: { 200: { description: 'The moved task.', schema: task, headers: { ...etag, ...changeSetHeader } } },
  problems: ['task_not_found', 'version_mismatch', ...keyProblems],
});

export const deleteTaskRoute = defineRoute({
  id: 'deleteTask',
  method: 'delete',
  path: member,
  tag,
  summary: 'Delete a task',
  token: 'tasks:write',
  request: { path, headers: z.object({ 'if-match': ifMatch, ...idempotencyKey }) },
  description: 'The task and its subtasks move to the trash, from which they can be restored.',
  responses: { 204: { description: 'The task and its subtasks are in the trash.', headers: changeSetHeader } },
  problems: ['task_not_found', 'version_mismatch', ...keyProblems],
});
