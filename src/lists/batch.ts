/** The operations of a batch on lists. */
import { z } from 'zod';
import type { BoundStatement, Statement } from '../database/statement.ts';
import { quotaProblem } from '../quotas/quotas.ts';
import { defineBatchable } from '../resource/batch.ts';
import { type Place, unknownSibling } from '../resource/place.ts';
import { versionStatements } from '../resource/versions.ts';
import { listNotEmpty } from './mutations.ts';
import { type ListRow, listColumns, toList } from './row.ts';
import {
  type ListPatch,
  type ListReplace,
  list,
  listCreate,
  listMove,
  listPatch,
  listReplace,
  type TasksOfDeleted,
  tasksOfDeleted,
} from './schemas.ts';
import { deleteList, emptyList, insertList, moveList, resource, updateList } from './statements.ts';

const listVersions = versionStatements(resource);

/** Stops the batch if the id belongs to a deleted list, or to a list that differs from the one to create. */
const requireCreated: Statement = {
  name: 'lists_require_created',
  text: `
    select todo.stop_write('id_taken')
    where not exists (
      select from todo.lists as lists
      where lists.owner_id = $1 and lists.id = $2 and lists.name = $3 and lists.color is not distinct from $4
        and lists.position = coalesce($5, lists.position) and lists.archived = $6::boolean
    )`,
};

/** Stops the batch if the list still exists, because only a list without tasks is deleted. */
const requireEmpty: Statement = {
  name: 'lists_require_empty',
  text: `
    select todo.stop_write('list_not_empty')
    where exists (select from todo.lists as lists where lists.owner_id = $1 and lists.id = $2)`,
};

interface ListFields {
  readonly create: ListReplace;
  readonly replace: ListReplace;
  readonly update: ListPatch;
  readonly move: Place;
  readonly delete: { readonly tasks?: TasksOfDeleted | undefined };
}

export const listBatch = defineBatchable<ListFields>({
  schemas: {
    create: listCreate,
    replace: listReplace,
    update: listPatch,
    move: listMove,
    delete: z.strictObject({
      tasks: tasksOfDeleted.optional().meta({
        description:
          'For a list: `delete` moves its tasks to the trash with it, and `keep` moves them to the end of the inbox, in their order. Without it, the list must have no tasks.',
      }),
    }),
  },
  schema: list,

  readVersions: listVersions.read,

  plan: ({ ownerId }) => ({
    statements: [],

    statementsOf(operation) {
      const { id, isIdGiven, versions } = operation;
      if (operation.op === 'create') {
        const write = insertList(ownerId, id, operation.fields);
        return isIdGiven ? [write, requireCreatedList(ownerId, id, operation.fields)] : [write];
      }
      const required = listVersions.require(ownerId, id, versions);
      switch (operation.op) {
        case 'move':
          return [required, moveList(ownerId, id, operation.fields, versions)];
        case 'delete': {
          const { tasks } = operation.fields;
          const emptied = tasks === undefined ? [] : [emptyList(ownerId, id, versions, tasks)];
          const removed = [deleteList(ownerId, id, versions), { statement: requireEmpty, values: [ownerId, id] }];
          return [required, ...emptied, ...removed];
        }
        // A replacement is a patch of every field, except for the position.
        default:
          return [required, updateList(ownerId, id, operation.fields, versions)];
      }
    },
  }),

  stopped(reason, operation) {
    if (reason === 'list_not_empty') return listNotEmpty('"tasks": "delete"', '"tasks": "keep"');
    if (reason === 'sibling_not_found' && operation.op === 'move') return unknownSibling(operation.fields);
    return undefined;
  },

  rejected: (error, quotas) => quotaProblem(error.constraint, quotas),

  from: `(
        select ${listColumns} from todo.lists as lists where lists.owner_id = $1 and lists.id = named.id
      ) as current`,

  textBytes: 'octet_length(current.name)',

  toResource: (columns) => toList(columns as ListRow),
});

/** Follows a creation with an id. */
function requireCreatedList(ownerId: string, id: string, fields: ListReplace): BoundStatement {
  const { name, color, position, archived } = fields;
  return { statement: requireCreated, values: [ownerId, id, name, color, position ?? null, archived] };
}
