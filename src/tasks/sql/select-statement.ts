/** The statement that reads a task. Like all statements of tasks, it names the owner, although the policy alone would suffice. */
import type { BoundStatement, Statement } from '../../database/statement.ts';
import { isTask } from './columns.ts';
import { type TaskRow, taskColumns } from './row.ts';

const select: Statement<[] | [TaskRow]> = {
  name: 'tasks_select',
  text: `select ${taskColumns} from todo.tasks as tasks where ${isTask}`,
};

export function selectTask(ownerId: string, id: string): BoundStatement<[] | [TaskRow]> {
  return { statement: select, values: [ownerId, id] };
}
