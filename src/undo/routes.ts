/** The route of undo: the source of its validation, its types and its documentation. */
import { z } from 'zod';
import { defineRoute } from '../http/route.ts';
import { idempotencyKey, keyProblems } from '../idempotency/header.ts';
import { changeSetHeader } from '../resource/change.ts';
import { enumConstants, resourceId } from '../resource/schemas.ts';
import { undoable } from './resources.ts';
import { maxResultsBytes } from './statements.ts';

const absence = `Absent if it is deleted, or if the results up to it exceed ${maxResultsBytes / 1024} KiB.`;

const resources = Object.fromEntries(
  Object.entries(undoable).map(([name, { schema }]) => [
    name,
    schema.optional().meta({ description: `The ${name} after the undo, if \`type\` is \`${name}\`. ${absence}` }),
  ]),
);

const result = z
  .strictObject({
    type: z.enum(Object.keys(undoable)).meta({
      id: 'UndoResultType',
      'x-enum-varnames': enumConstants('UNDO', Object.keys(undoable)),
      description: 'The type of the resource, which is also the name of its property.',
    }),
    id: resourceId,
    status: z.literal([200, 204]).meta({
      id: 'UndoResultStatus',
      type: 'integer',
      'x-enum-varnames': ['UNDO_EXISTS', 'UNDO_DELETED'],
      description: 'The resource exists (200), or the undo has deleted it (204).',
    }),
    ...resources,
  })
  .meta({ id: 'UndoResult', description: 'A resource after the undo.' });

export const undoRoute = defineRoute({
  id: 'undoChangeSet',
  method: 'post',
  path: '/api/v1/change-sets/{id}/undo',
  tag: 'Undo',
  summary: 'Undo the changes of a request',
  description:
    'Reverts all changes of the request whose response had this `Change-Set`, or none of them. Created tasks and lists move to the trash, updated fields get their values before the request, and what was deleted is restored. Later changes of other fields are kept. The undo is a change set of its own, so undoing it is redo. A request can be undone for the days of `HISTORY_DAYS`.',
  token: 'tasks:write',
  request: { path: z.strictObject({ id: resourceId }), headers: z.object(idempotencyKey) },
  responses: {
    200: {
      description: 'All changes are undone.',
      schema: z
        .strictObject({ results: z.array(result) })
        .meta({ id: 'UndoResults', description: 'The resources after the undo, the last changed first.' }),
      headers: changeSetHeader,
    },
  },
  problems: ['change_set_not_found', 'undo_conflict', ...keyProblems],
});
