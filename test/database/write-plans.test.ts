/**
 * Query plans of writes: a write reads a few rows, for any number of tasks of its user. Plans depend on the size of a
 * table, so `npm run bench:growth` checks the same with tables that are a hundred times as large.
 */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fill } from '../../bench/fill.ts';
import type { QueryClient } from '../../src/database/driver.ts';
import { userRole } from '../../src/database/schema/roles.ts';
import type { BoundStatement, Parameter } from '../../src/database/statement.ts';
import { deleteTask, insertTask, selectTask, updateTask } from '../../src/tasks/sql/write-statements.ts';
import { createTestDatabase, databaseKind, type TestDatabase } from '../support/databases.ts';

const owner = 'ada';
const change = { ownerId: owner, id: '0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4e', actor: null };
const task = { title: 'buy milk', description: 'two of them', status: 'Todo', priority: 'Low', due: null } as const;

/** PostgreSQL first makes custom plans for a prepared statement, and a generic plan later. */
const modes = ['force_custom_plan', 'force_generic_plan'];

const statements: Record<string, (id: string) => BoundStatement> = {
  read: (id) => selectTask(owner, id),
  'change of status': (id) => updateTask(change, id, { status: 'Done' }, null),
  'change of title': (id) => updateTask(change, id, { title: 'buy bread' }, null),
  'change of description': (id) => updateTask(change, id, { description: 'one of them' }, null),
  'change of tags': (id) => updateTask(change, id, { tags: ['tag 3', 'new'] }, null),
  'change of everything': (id) => updateTask(change, id, { ...task, tags: ['tag 4'] }, null),
  deletion: (id) => deleteTask(change, id, null),
  creation: () => insertTask(change, '0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4d', { ...task, tags: ['tag 1', 'new'] }),
};

describe.skipIf(databaseKind === 'embedded')('on PostgreSQL; the embedded database has the same planner', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase();
    const filling = { user: owner, tasks: 10_000, total: 20_000, others: 200 };
    await database.driver.withMigrationClient((client) => fill(client, filling));
  }, 60_000);

  afterAll(() => database.remove());

  describe.each(modes)('with %s', (mode) => {
    test.each(Object.entries(statements))('a %s reads few rows', async (_, statement) => {
      const [found] = await database.query<{ id: string }>(
        'select id from todo.tasks where owner_id = $1 order by id offset 5000 limit 1',
        [owner],
      );
      const plan = await database.driver.withMigrationClient(async (client) => {
        await client.query(`begin; set local role ${userRole}; set local app.user_id = '${owner}'`);
        await client.query(`set local plan_cache_mode = ${mode}`);
        return explain(client, statement(found?.id ?? ''));
      });
      expect(plan).toMatch(/actual rows=1/);
      const removed = [...plan.matchAll(/Rows Removed by [ \w]+: (\d+)/g)].map(([, rows]) => Number(rows));
      expect(Math.max(0, ...removed), plan).toBeLessThan(100);
      expect(Number(/Buffers: shared hit=(\d+)/.exec(plan)?.[1]), plan).toBeLessThan(1_000);
    });
  });
});

/** Runs the statement and returns its plan. Closing the connection rolls it back. */
async function explain(client: QueryClient, { statement, values }: BoundStatement): Promise<string> {
  await client.query(`prepare explained as ${statement.text}`);
  const { rows } = await client.query<{ 'QUERY PLAN': string }>(
    `explain (analyze, buffers, timing off) execute explained (${values.map(literal).join(', ')})`,
  );
  return rows.map((row) => row['QUERY PLAN']).join('\n');
}

function literal(value: Parameter): string {
  if (value === null) return 'null';
  const text = Array.isArray(value) ? `{${value.map((element) => JSON.stringify(element)).join(',')}}` : String(value);
  return `'${text.replaceAll("'", "''")}'`;
}
