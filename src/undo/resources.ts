/** The resources whose changes can be undone, by the names that they have in the history and in responses. */
import { resource as list } from '../lists/statements.ts';
import { listUndo } from '../lists/undo.ts';
import type { UndoableResource } from '../resource/reversal.ts';
import { resource as task } from '../tasks/sql/write-statements.ts';
import { taskUndo } from '../tasks/undo.ts';

export const undoable: Readonly<Record<string, UndoableResource>> = { [task]: taskUndo, [list]: listUndo };
