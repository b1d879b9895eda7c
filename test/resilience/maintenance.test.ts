/** Maintenance of the embedded database; long queries do not block the server. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import type { Driver } from '../../src/database/driver.ts';
import { openDriver } from '../../src/database/open-driver.ts';
import { databaseConfig } from '../support/databases.ts';

/** Opens the database in a worker thread, as the server does. */
async function open(): Promise<Driver> {
  const directory = mkdtempSync(join(tmpdir(), 'todo-api-maintenance-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const driver = await openDriver(databaseConfig(`pglite:${directory}`));
  let closed: Promise<void> | undefined;
  const close = () => {
    closed ??= driver.close();
    return closed;
  };
  onTestFinished(close);
  return { ...driver, close };
}

test('checkpoints and vacuum run only if the database was used', async () => {
  const { pool, maintenance } = await open();
  const stopped = new AbortController().signal;
  const checkpoint = async () => {
    const { rows } = await pool.query<{ at: string }>('select checkpoint_lsn::text as at from pg_control_checkpoint()');
    return rows[0]?.at;
  };
  const tuples = async () => {
    const { rows } = await pool.query("select reltuples::integer as tuples from pg_class where relname = 'things'");
    return rows[0]?.tuples;
  };
  await pool.query('create schema todo');
  await pool.query('create table todo.things as select n from generate_series(1, 1000) as n');
  const before = await checkpoint();
  for (let turn = 1; turn <= 11; turn += 1) {
    await pool.query('delete from todo.things where n <= $1', [turn * 10]);
    await maintenance?.(stopped);
    // The first of ten rounds has a vacuum.
    expect(await tuples()).toBe(turn < 11 ? 990 : 890);
  }
  const after = await checkpoint();
  expect(after).not.toBe(before);
});

test('maintenance of an unused database does nothing', async () => {
  const { pool, maintenance } = await open();
  const stopped = new AbortController().signal;
  /** The bytes of the write-ahead log after some runs of the maintenance. The query is a use of the database. */
  const bytesAfter = async (runs: number) => {
    for (let run = 0; run < runs; run += 1) await maintenance?.(stopped);
    const { rows } = await pool.query<{ bytes: string }>("select pg_current_wal_insert_lsn() - '0/0'::pg_lsn as bytes");
    return Number(rows[0]?.bytes);
  };
  await bytesAfter(1);
  const first = await bytesAfter(1);
  const second = await bytesAfter(1);
  const third = await bytesAfter(40);
  // A checkpoint writes a record.
  expect(second).toBeGreaterThan(first);
  // Only the first run after the query has work, however many follow. The log can have a page header in addition.
  expect(third - second).toBeLessThan(2 * (second - first));
});

test('a long query does not block the event loop', async () => {
  const { pool } = await open();
  let isOver = false;
  // It takes several seconds, also on a fast machine. The end of the test interrupts it.
  void pool
    .query('select count(*) from generate_series(1, 50000000) as n where n % 7 = 3')
    .catch(() => {})
    .finally(() => {
      isOver = true;
    });
  // If the query blocked the event loop, it would be over after the first of these turns.
  for (let turn = 0; turn < 10; turn += 1) await delay(1);
  expect(isOver).toBe(false);
});

test('a connection that is closed leaves no state for the next one', async () => {
  const { pool } = await open();
  await pool.query('create table things (n integer)');
  const first = await pool.connect();
  await first.query('begin');
  await first.query('insert into things values (1)');
  await first.query({ name: 'count', text: 'select count(*)::integer as count from things' });
  first.release(true);
  const { rows } = await pool.query({ name: 'count', text: 'select count(*)::integer as count from things' });
  expect(rows).toEqual([{ count: 0 }]);
});

test('the database closes in order while a query is in progress', async () => {
  const { pool, close } = await open();
  const slow = pool.query('select count(*) from generate_series(1, 100000)').then(
    () => 'answered',
    () => 'cut',
  );
  await delay(1);
  await close();
  expect(await slow).toBe('answered');
});
