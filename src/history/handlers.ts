/** The handler of the history of a task. */
import type { UserDatabase } from '../database/user-database.ts';
import { implement, type Operation } from '../http/route.ts';
import { ProblemError } from '../problems/problem.ts';
import { pageOfNewest } from '../resource/newest-first.ts';
import { respondWithPage } from '../resource/page.ts';
import { findTask, toTaskChanges } from '../tasks/history.ts';
import { resource as task } from '../tasks/sql/columns.ts';
import { readHistoryRoute } from './routes.ts';
import { type ChangeRow, listChanges } from './statements.ts';

export function historyOperations(database: UserDatabase): Operation[] {
  return [
    implement(readHistoryRoute, ({ path: { id }, query: { limit, cursor } }, context) => {
      const principal = context.get('principal');
      const list = { filters: { task: id }, sort: 'history' };
      return respondWithPage<ChangeRow>(
        context,
        { path: readHistoryRoute.path.replace('{id}', id), list, cursor },
        async (after) => {
          const statements = [
            findTask(principal.userId, id),
            listChanges(principal.userId, task, id, { after, limit }),
          ] as const;
          const [[found], rows] = await database.run(principal, statements, 'repeat');
          if (!found) throw new ProblemError('task_not_found');
          return pageOfNewest(rows, limit);
        },
        ({ version, at, kind, actor, change_set, text }) => ({
          version,
          at,
          kind,
          actor,
          change_set,
          changes: toTaskChanges(text === null ? null : JSON.parse(text)),
        }),
      );
    }),
  ];
}
