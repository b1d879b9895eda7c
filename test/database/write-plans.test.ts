/**
 * Query plans of writes: a write reads a few rows, for any number of tasks of its user. Plans depend on the size of a
 * table, so `npm run bench:growth` checks the same with tables that are a hundred times as large.
 */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fill } from '../../bench/fill.ts';
import type { BoundStatement } from '../../src/database/statement.ts';
import { deleteList, emptyList, insertList, moveList, selectList, updateList } from '../../src/lists/statements.ts';
import { createSuccessor, type SeriesRow, selectSeries } from '../../src/tasks/recurrence/statements.ts';
import { taskReplace } from '../../src/tasks/schemas.ts';
import { deleteTask } from '../../src/tasks/sql/delete-statement.ts';
import { insertTask } from '../../src/tasks/sql/insert-statement.ts';
import { selectTask } from '../../src/tasks/sql/select-statement.ts';
import { updateTask } from '../../src/tasks/sql/update-statement.ts';
import { createTestDatabase, databaseKind, type TestDatabase } from '../support/databases.ts';
import { pagesTouched, planModes, planOf, rowsRemoved } from '../support/plans.ts';

const owner = 'ada';
const newId = '0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4d';
const task = taskReplace.parse({ title: 'buy milk', description: 'two of them', priority: 'Low' });

const list = { name: 'Groceries', color: null, archived: false };

/** Of a list without tasks, with the id of the task. */
const listStatements: Record<string, (id: string) => BoundStatement> = {
  read: (id) => selectList(owner, id),
  change: (id) => updateList(owner, id, { name: 'Food' }, null),
  move: (id) => moveList(owner, id, { to: 'start' }, null),
  creation: () => insertList(owner, newId, list),
  deletion: (id) => deleteList(owner, id, null),
  'deletion with tasks': (id) => emptyList(owner, id, null, 'delete'),
};

/** Makes a task recur. */
const recur = `
  update todo.tasks set status = 'Todo', due_date = '2026-12-01', recurrence_rule = 'FREQ=WEEKLY', recurrence_from = 'Due',
    recurrence_missed = 'Skip', recurrence_anchor = '2026-12-01', recurrence_day = '2026-12-01'
  where owner_id = $1 and id = $2`;

const statements: Record<string, (id: string) => BoundStatement> = {
  read: (id) => selectTask(owner, id),
  'change of status': (id) => updateTask(owner, id, { status: 'Done' }, null),
  'change of title': (id) => updateTask(owner, id, { title: 'buy bread' }, null),
  'change of description': (id) => updateTask(owner, id, { description: 'one of them' }, null),
  'change of tags': (id) => updateTask(owner, id, { tags: ['tag 3', 'new'] }, null),
  'change of everything': (id) => updateTask(owner, id, { ...task, tags: ['tag 4'] }, null),
  'read of a recurrence': (id) => selectSeries(owner, id),
  'creation of the next occurrence': (id) => createSuccessor(owner, { id, copy_cost: 0 } as SeriesRow, '2026-12-08', 0),
  deletion: (id) => deleteTask(owner, id, null),
  creation: () => insertTask(owner, newId, { ...task, tags: ['tag 1', 'new'] }, { isIdGiven: false }),
  'creation with an id': () => insertTask(owner, newId, { ...task, tags: [] }, { isIdGiven: true }),
};

describe.skipIf(databaseKind === 'embedded')('on PostgreSQL; the embedded database has the same planner', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase();
    const filling = { user: owner, tasks: 10_000, total: 20_000, others: 200 };
    await database.driver.withMigrationClient((client) => fill(client, filling));
  }, 60_000);

  afterAll(() => database.remove());

  /** An open task. */
  async function anyTask({ offset = 100 } = {}): Promise<string> {
    const [found] = await database.query<{ id: string }>(
      `select id from todo.tasks where owner_id = $1 and status = 'Todo' order by id offset $2 limit 1`,
      [owner, offset],
    );
    return found?.id ?? '';
  }

  describe.each(planModes)('with %s', (mode) => {
    test.each(Object.entries(statements))('a %s reads few rows', async (name, statement) => {
      const recurs = name.includes('occurrence');
      const id = await anyTask({ offset: recurs ? 200 : 100 });
      if (recurs) await database.query(recur, [owner, id]);
      const plan = await planOf(database, owner, mode, statement(id));
      expect(plan).toMatch(/actual rows=1/);
      expect(rowsRemoved(plan), plan).toBeLessThan(100);
      expect(pagesTouched(plan), plan).toBeLessThan(1_000);
    });

    test.each(Object.entries(listStatements))('a %s of a list reads few rows', async (_, statement) => {
      const id = await anyTask();
      await database.query('insert into todo.lists (owner_id, id, name) values ($1, $2, $3) on conflict do nothing', [
        owner,
        id,
        list.name,
      ]);
      const plan = await planOf(database, owner, mode, statement(id));
      expect(plan).toMatch(/actual rows=1/);
      expect(rowsRemoved(plan), plan).toBeLessThan(100);
      expect(pagesTouched(plan), plan).toBeLessThan(1_000);
    });
  });
});
