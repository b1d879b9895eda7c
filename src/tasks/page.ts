/** Pages of a list of tasks, bounded by their number and by the size of their text. */
import type { UserDatabase } from '../database/user-database.ts';
import type { Principal } from '../principal.ts';
import { type Page, pageOf } from '../resource/keyset.ts';
import { type ListQuery, listTasks, listTasksBySize } from './sql/list-statement.ts';
import type { TaskRow } from './sql/row.ts';
import { sortKeys } from './sql/sort-keys.ts';

/** The number of skipped tasks from which `listTasksBySize` costs less. */
const cheapSkip = 50;

/**
 * Reads a page. It needs a second round trip only if a task has a description of several kilobytes, and all tasks together
 * could exceed the maximum size of a page.
 *
 * @throws RefusedValueError or ProblemError if the position is not one of this sort
 */
export async function readPage(database: UserDatabase, principal: Principal, list: ListQuery): Promise<Page<TaskRow>> {
  const now = Date.now();
  const { sortValues } = sortKeys[list.sort];
  // One row more than the limit shows whether there is a next page.
  const query = { ...list, limit: list.limit + 1 };
  if (list.skip < cheapSkip) {
    const [rows] = await database.run(principal, [listTasks(principal.userId, query, now)], 'repeat');
    if (!rows.some((row) => row.is_long)) return pageOf(rows, list.limit, sortValues);
  }
  const [rows] = await database.run(principal, [listTasksBySize(principal.userId, query, now)], 'repeat');
  const fitting = rows.findIndex(({ fits }) => !fits);
  return pageOf(rows, fitting < 0 ? list.limit : Math.min(fitting, list.limit), sortValues);
}
