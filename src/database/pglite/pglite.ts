/**
 * Driver for the embedded PostgreSQL: PGlite, in a directory or in memory. The server reaches it through pg as any
 * other server.
 */
import { join, resolve } from 'node:path';
import type { PGlite } from '@electric-sql/pglite';
import type { DatabaseConfig, EmbeddedDatabase } from '../../config/config.ts';
import type { Driver, QueryClient } from '../driver.ts';
import { createBatch } from '../pg/batch.ts';
import { createMigrationClient } from '../pg/migration-client.ts';
import { ConnectionPool } from '../pg/pool.ts';
import { connectTimeoutMs } from '../pg/postgres.ts';
import { type DirectoryLock, lockDirectory } from './directory-lock.ts';
import { type Engine, engineOf, startEngine } from './engine.ts';
import type { EngineEndedError } from './engine-thread.ts';
import { createMaintenance } from './maintenance.ts';
import { ensurePrivateDirectory, restrictFiles } from './private-directory.ts';
import { EngineSocket } from './socket.ts';

export type EmbeddedOptions = Pick<EmbeddedDatabase, 'directory'> & Pick<DatabaseConfig, 'prepare' | 'timeoutMs'>;

/**
 * Time to open the database again, after a statement that took too long. Requests wait for it in addition to the
 * deadline of the statement.
 */
export const reopenMs = 2_000;

/**
 * Opens the embedded database. All requests share its single connection.
 *
 * @param instance an instance to use instead of starting one; the driver closes it
 * @param onRestart called when the database has ended and is opened again
 * @throws DirectoryInUseError if another process has the directory open; DataDirectoryError if other users can write to it
 */
export async function openEmbedded(
  database: EmbeddedOptions,
  instance?: PGlite,
  onRestart?: (reason: EngineEndedError) => void,
): Promise<Driver> {
  const { directory } = database;
  const lock = directory === null ? null : await acquireDirectory(directory);
  try {
    const engine = instance
      ? engineOf(instance)
      : await startEngine(directory === null ? null : join(directory, 'postgres'), onRestart);
    return createDriver(engine, database, lock);
  } catch (error) {
    await lock?.release();
    throw error;
  }
}

function createDriver(
  engine: Engine,
  { prepare, timeoutMs }: Pick<EmbeddedOptions, 'prepare' | 'timeoutMs'>,
  lock: DirectoryLock | null,
): Driver {
  // Another server may own the directory by now. So nothing more is written, not even to close the database.
  lock?.lost.catch(() => engine.kill());
  const lost = lock ? Promise.race([lock.lost, engine.lost]) : engine.lost;
  lost.catch(() => {});
  const pool = new ConnectionPool(
    { stream: () => new EngineSocket(engine) },
    { max: 1, acquireTimeoutMs: timeoutMs + reopenMs, connectTimeoutMs, queryTimeoutMs: timeoutMs, idleTimeoutMs: 0 },
  );

  /** Uses a connection with a long query timeout instead of the pool's single connection. */
  async function withMigrationClient<Result>(work: (client: QueryClient) => Promise<Result>): Promise<Result> {
    const pooled = await pool.connect();
    const client = createMigrationClient({ stream: () => new EngineSocket(engine) });
    try {
      await client.connect();
      return await work(client);
    } finally {
      await client.end();
      // The new connection has deallocated the prepared statements of this one.
      pooled.release(true);
    }
  }

  return {
    batch: createBatch(pool, { prepare, timeoutMs }),
    pool,
    withMigrationClient,
    maintenance: createMaintenance(pool, withMigrationClient, () => engine.exchangeCount),
    async close() {
      await pool.end();
      await engine.close();
      await lock?.release();
    },
    lost,
  };
}

async function acquireDirectory(directory: string): Promise<DirectoryLock> {
  ensurePrivateDirectory(directory);
  const lock = await lockDirectory(resolve(directory));
  try {
    restrictFiles(directory);
    return lock;
  } catch (error) {
    await lock.release();
    throw error;
  }
}
