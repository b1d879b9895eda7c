/**
 * Query plans of lists in each sort: a page reads about as many rows as it has, for any number of tasks of its user. Plans
 * depend on the size of a table, so `npm run bench:plans` shows them for a table that is a hundred times as large.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { fill, moveToLargeList, tasksInInbox } from '../../bench/fill.ts';
import { filterParameters, type Sort, sorts } from '../../src/tasks/list-parameters.ts';
import { type ListQuery, listTasks } from '../../src/tasks/sql/list-statement.ts';
import type { TaskRow } from '../../src/tasks/sql/row.ts';
import { sortKeys } from '../../src/tasks/sql/sort-keys.ts';
import { createTestDatabase, databaseKind, isPooled, type TestDatabase } from '../support/databases.ts';
import { pagesTouched, planModes, planOf, rowsRemoved } from '../support/plans.ts';

const owner = 'ada';
const filters = z.strictObject(filterParameters);

describe.skipIf(databaseKind === 'embedded')('on PostgreSQL; the embedded database has the same planner', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase();
    const filling = { user: owner, tasks: 10_000, total: 20_000, others: 200, lists: 50 };
    await database.driver.withMigrationClient((client) => fill(client, filling));
  }, 60_000);

  afterAll(() => database.remove());

  /** Expects that a page of 20 reads few rows. The page can have fewer tasks. */
  async function expectFewRows(mode: string, query: ListQuery, count = 20): Promise<void> {
    const plan = await planOf(database, owner, mode, listTasks(owner, query, 0));
    expect(plan).toMatch(new RegExp(`^[^\\n]*actual rows=${count}\\b`));
    // There are 200 other users, whose heads fit in a few pages.
    expect(rowsRemoved(plan), plan).toBeLessThan(300);
    expect(pagesTouched(plan), plan).toBeLessThan(300);
  }

  test.skipIf(isPooled)(
    'PostgreSQL keeps one plan for all users, also for those with fewer tasks than the average',
    async () => {
      const session = { role: 'user', userId: 'other-1' } as const;
      const list = listTasks(
        session.userId,
        {
          ...{ filters: filters.parse({}), sort: '-created_at', after: null, skip: 0, limit: 20 },
        },
        0,
      );
      // PostgreSQL makes five plans for values before it compares their costs with those of a plan for all values. Behind a
      // pooler, each execution can be in another session.
      for (let count = 0; count < 10; count += 1) await database.driver.batch(session, [list]);
      const text = 'select generic_plans::integer, custom_plans::integer from pg_prepared_statements where name = $1';
      const [plans] = await database.driver.batch(session, [
        { statement: { name: '', text }, values: [list.statement.name] },
      ]);
      expect(plans).toEqual([{ generic_plans: 10, custom_plans: 0 }]);
    },
  );

  describe.each(planModes)('with %s', (mode) => {
    test.each(sorts)('sort=%s reads few rows, on the first page and on one in the middle', async (sort) => {
      const query = { filters: filters.parse({}), sort, after: null, skip: 0, limit: 20 };
      await expectFewRows(mode, query);
      const { statement, values } = listTasks(owner, { ...query, skip: 5_000, limit: 1 }, 0);
      // As JSON, because this connection reads times as dates.
      const [row] = JSON.parse(JSON.stringify(await database.query(statement.text, values as unknown[]))) as [TaskRow];
      await expectFewRows(mode, { ...query, after: [...sortKeys[sort].sortValues(row), row.id] });
    });

    test.each([{ status: 'Todo' }, { priority: 'High' }])('a list of %o reads few rows', async (filter) => {
      const query = { filters: filters.parse(filter), sort: '-created_at', after: null, skip: 0, limit: 20 } as const;
      await expectFewRows(mode, query);
    });

    test.each(['position', '-position'] as const)('sort=%s of one list reads few rows', async (sort) => {
      const [list] = await database.query<{ id: string }>('select id from todo.lists where owner_id = $1', [owner]);
      const filtered = filters.parse({ list_id: list?.id, parent_id: 'none' });
      await expectFewRows(mode, { filters: filtered, sort, after: null, skip: 0, limit: 20 });
    });

    test('the subtasks of a task are found by the index of subtasks', async () => {
      const filtered = filters.parse({ parent_id: crypto.randomUUID() });
      const query: ListQuery = { filters: filtered, sort: '-created_at', after: null, skip: 0, limit: 20 };
      const plan = await planOf(database, owner, mode, listTasks(owner, query, 0));
      expect(plan).toMatch(/using tasks_by_parent/);
    });
  });

  describe.each([
    ['few', 2],
    ['many', 5_000],
  ])('if there seem to be %s lists and parents', (_number, distinct) => {
    let large: string;

    beforeAll(async () => {
      for (const column of ['list_key', 'parent_key'])
        await database.query(`alter table todo.tasks alter column ${column} set (n_distinct = ${distinct})`);
      large = await database.driver.withMigrationClient((client) => moveToLargeList(client, owner));
    });

    /** As PostgreSQL runs the statement: with one plan for all lists. */
    const expectFew = (filter: object, sort: Sort = '-created_at', count = 20) => {
      const query = { filters: filters.parse(filter), sort, after: null, skip: 0, limit: 20 };
      return expectFewRows('force_generic_plan', query, count);
    };

    test.each(sorts)('sort=%s of an almost empty inbox and of a large list reads few rows', async (sort) => {
      await expectFew({ list_id: 'inbox' }, sort, tasksInInbox);
      await expectFew({ list_id: large }, sort);
    });

    test('so does each combination with other lists, with top-level tasks and with a status', async () => {
      await expectFew({ list_id: ['inbox', large] });
      await expectFew({ list_id: large, parent_id: 'none' });
      await expectFew(
        { list_id: 'inbox', parent_id: 'none', status: ['Todo', 'InProgress', 'Done'] },
        'due',
        tasksInInbox,
      );
      await expectFew({ list_id: large, status: 'Done' });
      await expectFew({ parent_id: 'none' });
      await expectFew({ parent_id: 'none' }, 'position');
    });
  });
});
