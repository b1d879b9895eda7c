/** Names of zones that a database lacks, because its copy of the tz database leaves out old names or is not the newest. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/databases.ts';

let database: TestDatabase;
let source: string;
let aliases: [name: string, other: string][];

beforeAll(async () => {
  database = await createTestDatabase();
  const rows = await database.query<{ source: string }>(
    "select prosrc as source from pg_proc where oid = 'todo.due_instant'::regproc",
  );
  source = rows[0]?.source ?? '';
  aliases = Object.entries(JSON.parse(/'(\{.*?\})'::jsonb/s.exec(source)?.[1] ?? '{}'));
});

afterAll(() => database.remove());

test('both names of a zone mean the same instants', async () => {
  expect(aliases.length).toBeGreaterThan(100);
  const rows = await database.query(
    `select name, other, local
     from unnest($1::text[], $2::text[]) as alias (name, other),
       unnest(array['1975-07-01 12:00', '1999-01-01 12:00', '2026-07-01 12:00', '2026-12-01 12:00']::timestamp[]) as local
     where todo.due_instant(local, name) is distinct from todo.due_instant(local, other)`,
    [aliases.map(([name]) => name), aliases.map(([, other]) => other)],
  );
  expect(rows).toEqual([]);
});

test('a name that the database lacks is resolved by the other name', async () => {
  const client = await database.driver.pool.connect();
  try {
    // The function itself, with a name that no database has.
    const body = source.replace('"Asia/Calcutta"', '"No/Such_Zone"');
    await client.query('begin');
    await client.query(`
      create function pg_temp.due_instant(local timestamp, time_zone text) returns timestamptz
      language plpgsql set TimeZone = 'GMT' as $$${body}$$`);
    const { rows } = await client.query(
      `select pg_temp.due_instant('2026-12-01 09:30', 'No/Such_Zone') = '2026-12-01T04:00:00Z' as "isRight",
              current_setting('TimeZone') as "timeZone"`,
    );
    expect(rows[0]).toMatchObject({ isRight: true });
    await expect(client.query("select pg_temp.due_instant('2026-12-01 09:30', 'No/Other_Zone')")).rejects.toMatchObject(
      {
        code: '22023',
      },
    );
  } finally {
    await client.query('rollback');
    client.release();
  }
});
