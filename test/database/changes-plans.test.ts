/** Query plans of changes: a page reads the rows of the page, for any number of tasks and of removals. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fill } from '../../bench/fill.ts';
import type { Position } from '../../src/changes/cursor.ts';
import { selectChanges } from '../../src/changes/statements.ts';
import { createTestDatabase, databaseKind, type TestDatabase } from '../support/databases.ts';
import { pagesTouched, planModes, planOf, rowsRemoved } from '../support/plans.ts';

const owner = 'ada';
const tasks = 100_000;
const removals = 50_000;
const limit = 100;

/** The pages, and the maximum number of pages of 8 KiB that they read. A task with its tag takes about ten. */
const pages: Record<string, [position: (epoch: string) => Position | null, maxPages: number]> = {
  'the first page of a snapshot': [() => null, 1_500],
  'a page in the middle of a snapshot': [(epoch) => ({ epoch, seq: tasks / 2, snapshotHead: tasks + removals }), 1_500],
  'changes of tasks': [(epoch) => ({ epoch, seq: tasks / 2 }), 1_500],
  'changes of deleted tasks': [(epoch) => ({ epoch, seq: tasks + removals / 2 }), 300],
  'no change': [(epoch) => ({ epoch, seq: tasks + removals }), 20],
};

describe.skipIf(databaseKind === 'embedded')('on PostgreSQL; the embedded database has the same planner', () => {
  let database: TestDatabase;
  let epoch: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    const filling = { user: owner, tasks, total: 1.2 * tasks, others: 20 };
    await database.driver.withMigrationClient((client) => fill(client, filling));
    await database.query(
      `insert into todo.deleted (owner_id, resource, id, seq, version, deleted_at, change_set)
       select $1, 'task', gen_random_uuid(), $2::integer + n, 2, now(), gen_random_uuid() from generate_series(1, $3::integer) as n`,
      [owner, tasks, removals],
    );
    const [head] = await database.query<{ epoch: string }>(
      'update todo.heads set seq = $2 where owner_id = $1 returning epoch',
      [owner, tasks + removals],
    );
    epoch = (head as { epoch: string }).epoch;
    await database.query('vacuum analyze');
  }, 120_000);

  afterAll(() => database.remove());

  describe.each(planModes)('with %s', (mode) => {
    test.each(Object.entries(pages))('%s: few rows, and no sort of all of them', async (_, [position, maxPages]) => {
      const plan = await planOf(database, owner, mode, selectChanges(owner, position(epoch), limit));
      expect(plan).toMatch(/Index Scan using tasks_seq/);
      expect(plan).toMatch(/Index Scan using deleted_seq/);
      expect(rowsRemoved(plan), plan).toBeLessThanOrEqual(limit);
      expect(pagesTouched(plan), plan).toBeLessThan(maxPages);
    });
  });
});
