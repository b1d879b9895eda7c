/** A separate PostgreSQL database for a test, and a connection to it that can block a server. */
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { inject, onTestFinished } from 'vitest';
import { withAdmin } from '../support/databases.ts';

let databases = 0;

/** A database, migrated or empty, that is removed at the end of the test. */
export async function ownDatabase({ isEmpty = false } = {}): Promise<{ url: string; holder: pg.Client }> {
  const postgres = inject('postgresUrl') as string;
  databases += 1;
  const name = `todo_system_${process.pid}_${databases}`;
  await withAdmin(postgres, (admin) =>
    admin.query(`create database ${name} template ${isEmpty ? 'template0' : inject('postgresTemplate')}`),
  );
  const url = `${postgres}/${name}`;
  const holder = new pg.Client({ connectionString: url });
  holder.on('error', () => {});
  await holder.connect();
  onTestFinished(async () => {
    await holder.end();
    await withAdmin(postgres, (admin) => admin.query(`drop database ${name} with (force)`));
  });
  return { url, holder };
}

/** Waits until another connection waits for a lock of this one. */
export async function untilBlocked(holder: pg.Client): Promise<void> {
  const blocked =
    'select count(*)::integer as count from pg_stat_activity where pg_backend_pid() = any (pg_blocking_pids(pid))';
  while ((await holder.query<{ count: number }>(blocked)).rows[0]?.count === 0) await delay(20);
}
