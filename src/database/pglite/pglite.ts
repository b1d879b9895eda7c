/** The embedded PostgreSQL: PGlite, in a directory or in memory, spoken to through pg like any other server. */
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { PGlite } from '@electric-sql/pglite';
import pg from 'pg';
import type { DatabaseConfig, EmbeddedDatabase } from '../../config/config.ts';
import type { Connections } from '../connections.ts';
import { ConnectionPool } from '../pg/pool.ts';
import { connectTimeoutMs, migrationTimeoutMs } from '../pg/postgres.ts';
import { type DirectoryLock, lockDirectory } from './directory-lock.ts';
import { type Engine, engineOf, startEngine } from './engine.ts';
import { createMaintenance } from './maintenance.ts';
import { EngineSocket } from './socket.ts';

export type EmbeddedOptions = Pick<EmbeddedDatabase, 'directory'> & Pick<DatabaseConfig, 'timeoutMs'>;

/**
 * Opens the embedded database. Its one connection serves everybody in turn.
 *
 * @param given an instance to use instead of opening one; it is closed with the connections
 * @throws DirectoryInUseError where another process has the directory open
 */
export async function openEmbedded(database: EmbeddedOptions, given?: PGlite): Promise<Connections> {
  const { directory, timeoutMs } = database;
  const lock = directory === null ? null : await takeDirectory(directory);
  try {
    const engine = given ? engineOf(given) : await startEngine(directory === null ? null : join(directory, 'postgres'));
    return connect(engine, timeoutMs, lock);
  } catch (error) {
    await lock?.release();
    throw error;
  }
}

function connect(engine: Engine, timeoutMs: number, lock: DirectoryLock | null): Connections {
  let used = 0;
  const counted: Engine = {
    exchange: (messages) => {
      used += 1;
      return engine.exchange(messages);
    },
    close: () => engine.close(),
    kill: () => engine.kill(),
  };
  // Another server may have the directory by now, so nothing more is written, not even to close the database.
  lock?.lost.catch(() => engine.kill());
  const pool = new ConnectionPool(
    { stream: () => new EngineSocket(counted) },
    { max: 1, acquireTimeoutMs: timeoutMs, connectTimeoutMs, queryTimeoutMs: timeoutMs, idleTimeoutMs: 0 },
  );

  /** A connection with patience, in place of the pool's one. */
  async function withMigrationClient<Result>(work: (client: pg.ClientBase) => Promise<Result>): Promise<Result> {
    const held = await pool.connect();
    const client = new pg.Client({ stream: () => new EngineSocket(counted), query_timeout: migrationTimeoutMs });
    client.on('error', () => {});
    try {
      await client.connect();
      return await work(client);
    } finally {
      await client.end();
      // The other one has ended its prepared statements.
      held.release(true);
    }
  }

  return {
    pool,
    withMigrationClient,
    upkeep: createMaintenance(pool, withMigrationClient, () => used),
    async close() {
      await pool.close();
      await engine.close();
      await lock?.release();
    },
    ...(lock && { lost: lock.lost }),
  };
}

function takeDirectory(directory: string): Promise<DirectoryLock> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return lockDirectory(resolve(directory));
}
