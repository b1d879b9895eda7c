/** Pipeline to the database: runs as the user, in one transaction and one round trip, and leaves no state. */
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { createBatch } from '../../src/database/pg/batch.ts';
import { openPostgres } from '../../src/database/pg/postgres.ts';
import { userRole } from '../../src/database/schema/roles.ts';
import type { BoundStatement, Parameter, Row } from '../../src/database/statement.ts';
import { createUserDatabase } from '../../src/database/user-database.ts';
import { startCountingProxy } from '../support/counting-proxy.ts';
import { canPrepare, createTestDatabase, databaseKind, isPooled, type TestDatabase } from '../support/databases.ts';

let database: TestDatabase;

beforeAll(async () => {
  // One connection, so that each pipeline would see the state that the previous one leaves.
  database = await createTestDatabase({ poolMax: 1 });
});

afterAll(() => database.remove());

function statement(name: string, text: string, values: Parameter[] = []): BoundStatement<Row[]> {
  return { statement: { name, text }, values };
}

const preparations = canPrepare ? [true, false] : [false];

const run = (userId: string | null, statements: BoundStatement<Row[]>[], prepare = canPrepare) =>
  createBatch(database.driver.pool, { prepare, timeoutMs: 0 })({ role: 'user', userId }, statements);

const insert = (owner: string, id: string) =>
  statement(
    'insert',
    `insert into todo.tasks (owner_id, id, seq, title)
     values ($1, $2, (extract(epoch from clock_timestamp()) * 1000000)::bigint, 'x')`,
    [owner, id],
  );

const ids = Array.from({ length: 4 }, (_, index) => `0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4${index}`) as [
  string,
  string,
  string,
  string,
];

const divide = (divisor: number) => statement('divide', 'select 1 / $1::int as quotient', [divisor]);

const whoAmI = statement(
  'who',
  `select current_user::text as role, current_setting('app.user_id', true) as "user",
          '2026-11-20T12:00:00Z'::timestamptz::text as time`,
);

const time = '2026-11-20 12:00:00+00';

describe.each(preparations)('with DATABASE_PREPARE=%s', (prepare) => {
  beforeEach(async () => {
    await database.query('truncate todo.tasks, todo.task_tags, todo.deleted, todo.changes, todo.heads');
  });

  test('statements run as the user role and with the user id', async () => {
    expect(await run('ada', [whoAmI], prepare)).toEqual([[{ role: userRole, user: 'ada', time }]]);
    expect(await run(null, [whoAmI], prepare)).toEqual([[{ role: userRole, user: '', time }]]);
  });

  test('no setting of the user stays on the connection', async () => {
    const settings = () =>
      database.query(`select current_user::text as role, current_setting('app.user_id', true) as "user",
        current_setting('TimeZone') as zone, current_setting('DateStyle') as style`);
    const [before] = await settings();
    await run('ada', [whoAmI], prepare);
    const [after] = await settings();
    expect({ ...after, user: after?.user || null }).toEqual({ ...before, user: before?.user || null });
    expect(after?.role).not.toBe(userRole);
    await expect(run('ada', [divide(0)], prepare)).rejects.toMatchObject({ code: '22012' });
    expect((await settings())[0]).toEqual(after);
  });

  test.each(["o'brien", '"; drop', '\\', 'ü💥', "x', true), set_config('role', 'postgres", ' ', 'a'.repeat(255)])(
    'the user id %s is only a value',
    async (user) => {
      expect(await run(user, [whoAmI], prepare)).toEqual([[{ role: userRole, user, time }]]);
    },
  );

  test('the result has the rows of each statement, in order', async () => {
    const [inserted, counted, again] = await run(
      'ada',
      [insert('ada', ids[0]), statement('count', 'select count(*) as count from todo.tasks'), divide(1)],
      prepare,
    );
    expect({ inserted, counted, again }).toEqual({ inserted: [], counted: [{ count: 1 }], again: [{ quotient: 1 }] });
  });

  test('a failed statement rolls back all statements', async () => {
    await expect(run('ada', [insert('ada', ids[0]), divide(0), insert('ada', ids[1])], prepare)).rejects.toMatchObject({
      code: '22012',
    });
    expect(await database.query('select id from todo.tasks')).toEqual([]);
  });

  test('a pipeline that failed midway can be sent again, in any order', async () => {
    const fresh = (suffix: string, text: string) => statement(`${suffix}_${prepare}`, text);
    const one = fresh('one', 'select 1 as one');
    const two = fresh('two', 'select 2 as two');
    const bad = fresh('bad', 'select nothing from nowhere');
    for (let round = 0; round < 3; round += 1) {
      await expect(run('ada', [one, bad, two], prepare)).rejects.toMatchObject({ code: '42P01' });
      expect(await run('ada', [two, one, two], prepare)).toEqual([[{ two: 2 }], [{ one: 1 }], [{ two: 2 }]]);
      await expect(run('ada', [divide(0), two], prepare)).rejects.toMatchObject({ code: '22012' });
      expect(await run('ada', [one, divide(1)], prepare)).toEqual([[{ one: 1 }], [{ quotient: 1 }]]);
    }
  });

  test('concurrent pipelines on one connection do not mix', async () => {
    const users = Array.from({ length: 30 }, (_, index) => `user-${index}`);
    const results = await Promise.all(
      users.map((user, index) =>
        run(user, [whoAmI, divide(index % 3)], prepare).then(
          ([rows]) => rows?.[0]?.user,
          (error: { code: string }) => error.code,
        ),
      ),
    );
    expect(results).toEqual(users.map((user, index) => (index % 3 === 0 ? '22012' : user)));
  });

  test('timestamps of any form keep their microseconds', async () => {
    const [rows] = await run(
      'ada',
      [
        statement(
          'times',
          `select t::timestamptz as time from unnest(array['2026-11-20 12:00:00.123456+01', '2026-11-20 12:00:00+00',
             '2026-11-20 12:00:00.5+00', '0099-01-01 00:00:00+00', '9999-12-31 23:59:59.999999+00']) as t`,
        ),
      ],
      prepare,
    );
    expect(rows?.map(({ time }) => time)).toEqual([
      '2026-11-20T11:00:00.123456Z',
      '2026-11-20T12:00:00.000000Z',
      '2026-11-20T12:00:00.500000Z',
      '0099-01-01T00:00:00.000000Z',
      '9999-12-31T23:59:59.999999Z',
    ]);
  });

  test('arrays of texts arrive unchanged', async () => {
    const texts = ['a', '', ' ', 'NULL', 'null', '"', '\\', '{}', 'a,b', '\n', '💥', "'"];
    const sent = statement('texts', 'select $1::text[] as texts', [[...texts, null]]);
    expect(await run('ada', [sent], prepare)).toEqual([[{ texts: [...texts, null] }]]);
  });
});

test.each(['Asia/Kolkata', 'Europe/London'])(
  'if the database has the time zone %s, all times are in UTC',
  async (zone) => {
    const other = await createTestDatabase();
    onTestFinished(() => other.remove());
    await other.query(`do $$ begin
    execute format('alter database %I set TimeZone to ''${zone}''', current_database());
    execute format('alter database %I set DateStyle to ''German, DMY''', current_database());
  end $$`);
    // The embedded database has a single session, which has already begun.
    if (other.config.kind === 'pglite') await other.query(`set TimeZone to '${zone}'; set DateStyle to 'German, DMY'`);
    const driver = other.config.kind === 'postgres' ? openPostgres(other.config) : other.driver;
    onTestFinished(() => driver.close());
    const due = statement('due', `select '2026-07-20T12:00:00.5Z'::timestamptz as at, '2026-07-20'::date as day`);
    expect(await driver.batch({ role: 'user', userId: 'ada' }, [due, whoAmI])).toEqual([
      [{ at: '2026-07-20T12:00:00.500000Z', day: '2026-07-20' }],
      [{ role: userRole, user: 'ada', time }],
    ]);
  },
);

test('constant settings are made once per session, if no pooler shares it', async (context) => {
  context.skip(databaseKind === 'embedded', 'the embedded database reports no process id');
  const settings = await database.query(`select current_setting('statement_timeout') as statement,
    current_setting('idle_in_transaction_session_timeout') as transaction`);
  const timeout = isPooled ? '0' : `${database.config.timeoutMs / 1_000}s`;
  expect(settings).toEqual([{ statement: timeout, transaction: timeout }]);
  const scope = statement('prepared', `select name from pg_prepared_statements where name ~ 'scope'`);
  await run('ada', [whoAmI]);
  expect(await run('ada', [scope])).toEqual([canPrepare ? [{ name: isPooled ? 'whole_scope' : 'scope' }] : []]);
});

test('a database can be closed right after a pipeline has failed', async () => {
  const own = await createTestDatabase();
  const many = Array.from({ length: 20 }, () => divide(1));
  const failing = own.driver.batch({ role: 'user', userId: 'ada' }, [statement('bad', 'nothing'), ...many]);
  await expect(failing).rejects.toMatchObject({ code: '42601' });
  // Unread answers of the failed pipeline must not cause an unhandled rejection.
  await own.remove();
});

test('no statement runs before the database is ready', async () => {
  const asUser = createUserDatabase(database.driver, database.config, () => false);
  const attempt = asUser.run({ userId: 'ada', scopes: null, expiresAt: Number.POSITIVE_INFINITY }, [whoAmI]);
  await expect(attempt).rejects.toMatchObject({ code: 'database_unavailable' });
});

describe('on the wire', () => {
  test.each(preparations)('a pipeline has one Sync (DATABASE_PREPARE=%s)', async (prepare) => {
    const { config } = database;
    if (config.kind !== 'postgres') return;
    const proxy = await startCountingProxy(config.url);
    const driver = openPostgres({ ...config, prepare, url: proxy.url, directUrl: proxy.url });
    const send = (statements: BoundStatement[]) => driver.batch({ role: 'user', userId: 'ada' }, statements);
    await send([whoAmI]);
    // The second Sync belongs to the configuration of the session.
    expect(proxy.take()).toMatchObject({ startup: 1, P: 3, S: 2 });
    await send([whoAmI]);
    expect(proxy.take()).toEqual({ ...(!prepare && { P: 2, D: 2 }), B: 2, E: 2, S: 1 });
    await send([whoAmI, divide(1), whoAmI]);
    expect(proxy.take()).toEqual({ P: prepare ? 1 : 4, D: prepare ? 1 : 4, B: 4, E: 4, S: 1 });
    await driver.close();
    await proxy.close();
  });

  beforeEach((context) => {
    context.skip(databaseKind === 'embedded', 'the embedded database is not spoken to over a wire');
  });
});
