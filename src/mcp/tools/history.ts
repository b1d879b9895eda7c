/** The tools for what happened: the history of a task, the trash, and undo. */
import { z } from 'zod';
import type { List } from '../../lists/schemas.ts';
import { truncated } from '../../problems/bounds.ts';
import { changeKinds } from '../../resource/change.ts';
import { resourceId } from '../../resource/schemas.ts';
import type { Task } from '../../tasks/schemas.ts';
import { changeSet, cursor, limit, maxTextLength, nextCursor, nextStep, pageSizes } from './results.ts';
import { defineTool, targetOf } from './tool.ts';

const morePages = 'There are more: repeat the call with this next_cursor as cursor.';

/** A change in a response of the API. */
interface Change {
  readonly at: string;
  readonly kind: (typeof changeKinds)[number];
  readonly actor: string | null;
  readonly change_set: string;
  readonly changes: Readonly<Record<string, { readonly from: unknown; readonly to: unknown }>>;
}

const fromTo = z.looseObject({ from: z.unknown(), to: z.unknown() });

export const taskHistory = defineTool({
  name: 'task_history',
  title: 'Read the history of a task',
  description:
    'The changes of a task, the last one first: what changed, when, and by whom. Also of a task in the trash.',
  scope: 'tasks:read',
  isIdempotent: true,
  input: z.strictObject({ id: resourceId.meta({ description: 'The task.' }), limit, cursor }),
  output: z.looseObject({
    changes: z.array(
      z.looseObject({
        at: z.string(),
        kind: z.enum(changeKinds),
        actor: z.string().optional().meta({ description: 'The API token that made the change; absent for the user.' }),
        change_set: changeSet,
        fields: z.record(z.string(), fromTo).optional().meta({ description: 'Changed fields. Long texts are cut.' }),
      }),
    ),
    next_cursor: nextCursor,
    next_step: nextStep,
  }),
  async run({ id, limit = pageSizes.default, cursor }, { send, canWrite }) {
    const target = targetOf(`/api/v1/tasks/${id}/history`, { limit, cursor });
    const { body, nextCursor } = await send<Change[]>({ method: 'GET', target });
    return {
      changes: (body ?? []).map(({ at, kind, actor, change_set, changes }) => ({
        ...{ at, kind, change_set },
        ...(actor !== null && { actor }),
        ...(Object.keys(changes).length > 0 && { fields: shortened(changes) }),
      })),
      ...(nextCursor !== undefined && { next_cursor: nextCursor }),
      next_step: [
        ...(nextCursor !== undefined ? [morePages] : []),
        canWrite ? 'Call undo with a change_set to reverse that change.' : 'This token can read only.',
      ].join(' '),
    };
  },
});

/** The changed fields, with their long texts truncated. */
function shortened(changes: Change['changes']): Record<string, { from: unknown; to: unknown }> {
  const shorten = (value: unknown) => (typeof value === 'string' ? truncated(value, maxTextLength) : value);
  return Object.fromEntries(
    Object.entries(changes).map(([field, { from, to }]) => [field, { from: shorten(from), to: shorten(to) }]),
  );
}

interface TrashEntry {
  readonly deleted_at: string;
  readonly change_set: string;
  readonly task?: Task;
  readonly list?: List;
}

export const findTrash = defineTool({
  name: 'find_trash',
  title: 'Look into the trash',
  description: 'Deleted tasks and lists that undo can bring back, the last deleted one first.',
  scope: 'tasks:read',
  isIdempotent: true,
  needsTrash: true,
  input: z.strictObject({ limit, cursor }),
  output: z.looseObject({
    entries: z.array(
      z.looseObject({
        deleted_at: z.string(),
        change_set: changeSet,
        task: z.looseObject({ id: resourceId, title: z.string() }).optional(),
        list: z.looseObject({ id: resourceId, name: z.string() }).optional(),
      }),
    ),
    next_cursor: nextCursor,
    next_step: nextStep,
  }),
  async run({ limit = pageSizes.default, cursor }, { send, canWrite }) {
    const { body, nextCursor } = await send<TrashEntry[]>({
      method: 'GET',
      target: targetOf('/api/v1/trash', { limit, cursor }),
    });
    return {
      entries: (body ?? []).map(({ deleted_at, change_set, task, list }) => ({
        ...{ deleted_at, change_set },
        ...(task && { task: { id: task.id, title: task.title } }),
        ...(list && { list: { id: list.id, name: list.name } }),
      })),
      ...(nextCursor !== undefined && { next_cursor: nextCursor }),
      next_step: [
        ...(nextCursor !== undefined ? [morePages] : []),
        canWrite
          ? 'Call undo with a change_set to restore all that this change deleted.'
          : 'This token can read only: the user can restore them.',
      ].join(' '),
    };
  },
});

interface UndoResult {
  readonly type: string;
  readonly id: string;
  readonly status: 200 | 204;
  readonly task?: Task;
  readonly list?: List;
}

/** Maximum number of resources in the result of an undo. A change set can have more. */
export const maxUndone = 50;

export const undo = defineTool({
  name: 'undo',
  title: 'Undo a change',
  description:
    'Reverses a change: all of it, or nothing if later changes conflict with it. It also restores from the trash, and undoing an undo is redo.',
  scope: 'tasks:write',
  isIdempotent: false,
  input: z.strictObject({
    change_set: resourceId.meta({ description: 'From the result of a write, task_history or find_trash.' }),
  }),
  output: z.looseObject({
    change_set: changeSet,
    results: z
      .array(
        z.looseObject({
          type: z.string(),
          id: resourceId,
          name: z.string().optional().meta({ description: 'The title of the task or the name of the list.' }),
          is_deleted: z.boolean(),
        }),
      )
      .optional(),
    next_step: nextStep,
  }),
  async run(args, { send, hasTrash }) {
    const { body, changeSet } = await send<{ results: readonly UndoResult[] }>({
      method: 'POST',
      target: `/api/v1/change-sets/${args.change_set}/undo`,
    });
    const results = body?.results.slice(0, maxUndone).map(({ type, id, status, task, list }) => {
      const name = task?.title ?? list?.name;
      return { type, id, ...(name !== undefined && { name }), is_deleted: status === 204 };
    });
    const left = (body?.results.length ?? 0) - maxUndone;
    const canRedo = hasTrash || !body?.results.some(({ status }) => status === 204);
    return {
      change_set: changeSet,
      ...(results && { results }),
      next_step: [
        ...(left > 0 ? [`${left} more are not listed.`] : []),
        canRedo
          ? 'Call undo with this change_set to redo the change.'
          : 'What is_deleted names cannot be restored, because this server has no trash.',
      ].join(' '),
    };
  },
});
