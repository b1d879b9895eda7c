/** The route of the history of a task: the source of its validation, its types and its documentation. */
import { z } from 'zod';
import { defineRoute } from '../http/route.ts';
import { changeKinds } from '../resource/change.ts';
import { pageHeaders, pageParameters, resourceId, timestamp, version } from '../resource/schemas.ts';
import { taskChanges } from '../tasks/history.ts';

const change = z
  .strictObject({
    version: version.meta({ description: 'The version of the task after the change.', example: 2 }),
    at: timestamp.meta({ description: 'The time of the change.' }),
    kind: z.enum(changeKinds).meta({ id: 'ChangeKind', description: 'What happened to the task.' }),
    actor: z.string().nullable().meta({
      description:
        'The API token or OAuth client (`client_id` or `azp` of the JWT) that made the change. Null if the token names none, as for a session of Better Auth.',
      example: null,
    }),
    change_set: resourceId.meta({ description: 'All changes of one request have the same. It can be undone.' }),
    changes: taskChanges.meta({
      description:
        'The changed fields of an update, with their values before and after; empty for other kinds. `completed_at` is left out, because it follows `status`.',
    }),
  })
  .meta({
    id: 'TaskChange',
    description: 'A change of a task.',
    examples: [
      {
        version: 2,
        at: '2026-11-20T09:30:00.000000Z',
        kind: 'Updated',
        actor: null,
        change_set: '0193a5b0-a1f3-7d3e-8c55-5b1f7f0e2d11',
        changes: { status: { from: 'Todo', to: 'Done' } },
      },
    ],
  });

export const readHistoryRoute = defineRoute({
  id: 'readTaskHistory',
  method: 'get',
  path: '/api/v1/tasks/{id}/history',
  tag: 'Tasks',
  summary: 'Read the history of a task',
  description:
    'One page of the changes of a task, also of one in the trash, the last change first. The server keeps them for the days of `HISTORY_DAYS`. The `Link` header (RFC 8288) has the next page, if there is one. A page ends at 1 MiB of text.',
  token: 'tasks:read',
  request: { path: z.strictObject({ id: resourceId }), query: z.strictObject(pageParameters('changes')) },
  responses: {
    200: {
      description: 'The page.',
      schema: z.array(change),
      headers: pageHeaders,
    },
  },
  problems: ['task_not_found'],
});
