/**
 * The resources whose changes can be undone, by the names that they have in the history and in responses. A kind precedes the
 * one that contains it: tasks are deleted before their lists, and restored after them.
 */
import type { ZodType } from 'zod';
import { list as listSchema } from '../lists/schemas.ts';
import { resource as list } from '../lists/statements.ts';
import { listUndo } from '../lists/undo.ts';
import type { UndoableResource } from '../resource/reversal.ts';
import { task as taskSchema } from '../tasks/schemas.ts';
import { resource as task } from '../tasks/sql/columns.ts';
import { taskUndo } from '../tasks/undo.ts';

/** A resource precedes those that contain it: an undo deletes it before them, and restores it after them. */
export const undoable: Readonly<Record<string, UndoableResource & { readonly schema: ZodType }>> = {
  [task]: { ...taskUndo, schema: taskSchema },
  [list]: { ...listUndo, schema: listSchema },
};
