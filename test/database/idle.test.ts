/** Background jobs of an idle server: no statement, so that a database such as Neon can be suspended. */
import { expect, onTestFinished, test } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { createLog } from '../../src/observability/log.ts';
import { createServices } from '../../src/services.ts';
import { createTestDatabase, testSecret } from '../support/databases.ts';

/** Services whose background jobs run when the test lets a minute pass. */
async function startServices() {
  const { driver, config: database, query, remove } = await createTestDatabase();
  let nextRound = () => {};
  let isWaiting = () => {};
  const pause = (_ms: number, stopped: AbortSignal) =>
    new Promise<void>((resolve) => {
      nextRound = resolve;
      stopped.onabort = () => resolve();
      isWaiting();
    });
  const loaded = loadConfig({
    DATABASE_URL: 'pglite:memory',
    BETTER_AUTH_SECRET: testSecret,
    RATE_LIMIT_STORE: 'database',
  });
  const services = await createServices(
    { ...loaded, database },
    { driver, pause, log: createLog('info', { write: (line) => expect.fail(line) }) },
  );
  onTestFinished(async () => {
    await services.close();
    await remove();
  });
  let wait = new Promise<void>((resolve) => {
    isWaiting = resolve;
  });
  await services.prepare();
  await wait;
  /** @returns the number of times that the jobs of these minutes used the database */
  const passMinutes = async (minutes: number) => {
    const before = driver.pool.useCount;
    for (let minute = 0; minute < minutes; minute += 1) {
      wait = new Promise<void>((resolve) => {
        isWaiting = resolve;
      });
      nextRound();
      await wait;
    }
    return driver.pool.useCount - before;
  };
  return { services, query, passMinutes };
}

const statement = { statement: { name: 'count_tasks', text: 'select count(*) from todo.tasks' }, values: [] };

test('an idle server sends no statement, whatever the time', async () => {
  const { services, passMinutes } = await startServices();
  // The start has used the database.
  expect(await passMinutes(1)).toBeGreaterThanOrEqual(2);
  expect(await passMinutes(1_000)).toBe(0);
  await services.database.asUser.run({ userId: 'ada', scopes: null, expiresAt: Number.POSITIVE_INFINITY }, [statement]);
  expect(await passMinutes(1)).toBeGreaterThanOrEqual(2);
  expect(await passMinutes(1_000)).toBe(0);
});

test('each use of the database leads to one round of jobs', async () => {
  const { services, passMinutes } = await startServices();
  await passMinutes(2);
  const uses = {
    'a request': () =>
      services.database.asUser.run({ userId: 'ada', scopes: null, expiresAt: Number.POSITIVE_INFINITY }, [statement]),
    'the embedded issuer': () => services.issuer?.loadKeys(),
    'a rate limit': () => services.database.pool.query('select 1'),
  };
  for (const [name, use] of Object.entries(uses)) {
    await use();
    expect([name, (await passMinutes(1)) > 0]).toEqual([name, true]);
    expect([name, await passMinutes(100)]).toEqual([name, 0]);
  }
});

test('expired rows are deleted after the next use', async () => {
  const { query, passMinutes } = await startServices();
  await passMinutes(2);
  const count = async () =>
    (await query<{ count: number }>('select count(*)::integer as count from todo_admin.rate_limits'))[0]?.count;
  await query(
    "insert into todo_admin.rate_limits (key, window_ends, count) values ('old', now() - interval '1 hour', 1)",
  );
  await query(
    `insert into todo.deleted (owner_id, resource, id, seq, version, deleted_at, change_set, content)
     values ('ada', 'task', gen_random_uuid(), 1, 2, now() - interval '31 days', gen_random_uuid(), '{}')`,
  );
  await query(
    `insert into todo.changes (owner_id, seq, resource, id, kind, version, at, change_set)
     values ('ada', 1, 'task', gen_random_uuid(), 'Created', 1, now() - interval '91 days', gen_random_uuid())`,
  );
  await passMinutes(1);
  expect(await count()).toBe(0);
  expect(await query('select from todo.deleted where content is not null')).toEqual([]);
  expect(await query('select from todo.changes')).toEqual([]);
});
