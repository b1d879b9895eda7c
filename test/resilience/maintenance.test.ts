/** Maintenance of the embedded database; long queries do not block the server. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
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
  for (let turn = 1; turn <= 10; turn += 1) {
    await pool.query('delete from todo.things where n <= $1', [turn * 10]);
    await maintenance?.(stopped);
    expect(await tuples()).toBe(turn < 10 ? -1 : 900);
  }
  const after = await checkpoint();
  expect(after).not.toBe(before);
  await maintenance?.(stopped);
  await maintenance?.(stopped);
  const connect = vi.spyOn(pool, 'connect');
  await maintenance?.(stopped);
  expect(connect).not.toHaveBeenCalled();
});

test('a long query does not block the event loop', async () => {
  const { pool } = await open();
  const stalls = monitorEventLoopDelay({ resolution: 10 });
  stalls.enable();
  const start = performance.now();
  await pool.query('select count(*) from generate_series(1, 5000000) as n where n % 7 = 3');
  expect(performance.now() - start).toBeGreaterThan(250);
  stalls.disable();
  expect(stalls.percentile(99) / 1e6).toBeLessThan(250);
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
  const slow = pool.query('select count(*) from generate_series(1, 1000000)').then(
    () => 'answered',
    () => 'cut',
  );
  await delay(50);
  await close();
  expect(await slow).toBe('answered');
});
