/**
 * Cost of changes: a page reads the rows of the page, for any number of tasks and of removals. The plan does not show the
 * statements of the function, but its pages include theirs.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fill } from '../../bench/fill.ts';
import { type ChangesRange, selectChanges } from '../../src/changes/statements.ts';
import { createTestDatabase, databaseKind, type TestDatabase } from '../support/databases.ts';
import { pagesTouched, planModes, planOf } from '../support/plans.ts';

const owner = 'ada';
const tasks = 100_000;
const removals = 50_000;
const limit = 100;

/** The positions of pages, and the maximum number of pages of 8 KiB that they read. A task with its tag takes about ten. */
const pages: Record<string, Pick<ChangesRange, 'seq' | 'removalsAfter'> & { maxPages: number }> = {
  'the first page of a snapshot': { seq: 0, removalsAfter: Number.MAX_SAFE_INTEGER, maxPages: 1_500 },
  'a page in the middle of a snapshot': { seq: tasks / 2, removalsAfter: tasks + removals, maxPages: 1_500 },
  'changes of tasks': { seq: tasks / 2, removalsAfter: tasks / 2, maxPages: 1_500 },
  'changes of deleted tasks': { seq: tasks + removals / 2, removalsAfter: tasks + removals / 2, maxPages: 300 },
  'one change': { seq: tasks + removals - 1, removalsAfter: tasks + removals - 1, maxPages: 20 },
  'no change': { seq: tasks + removals, removalsAfter: tasks + removals, maxPages: 5 },
};

describe.skipIf(databaseKind === 'embedded')('on PostgreSQL; the embedded database has the same planner', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase();
    const filling = { user: owner, tasks, total: 1.2 * tasks, others: 20 };
    await database.driver.withMigrationClient((client) => fill(client, filling));
    await database.query(
      `insert into todo.deleted (owner_id, resource, id, seq, version, deleted_at, change_set)
       select $1, 'task', gen_random_uuid(), $2::integer + n, 2, now(), gen_random_uuid() from generate_series(1, $3::integer) as n`,
      [owner, tasks, removals],
    );
    await database.query('update todo.heads set seq = $2 where owner_id = $1', [owner, tasks + removals]);
    await database.query('vacuum analyze');
  }, 120_000);

  afterAll(() => database.remove());

  describe.each(planModes)('with %s', (mode) => {
    test.each(Object.entries(pages))('%s: few pages', async (_, { maxPages, ...position }) => {
      const range = { ...position, limit: limit + 1, maxBytes: 10_000 };
      const plan = await planOf(database, owner, mode, selectChanges(owner, range));
      expect(pagesTouched(plan), plan).toBeLessThan(maxPages);
    });
  });
});
