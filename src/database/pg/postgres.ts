/** A PostgreSQL server, Neon among them, over TCP. */
import pg from 'pg';
import type { DatabaseConfig, PostgresDatabase } from '../../config/config.ts';
import type { Connections } from '../connections.ts';
import { ConnectionPool, destroySocket } from './pool.ts';
import { configureSession } from './session-settings.ts';
import { connectionTarget } from './tls.ts';

/** A suspended Neon database takes some seconds to wake up. */
export const connectTimeoutMs = 12_000;

/** Shorter than the five minutes after which Neon suspends and closes connections by itself. */
export const idleTimeoutMs = 60_000;

/** For one statement of a migration, waiting for another server's migration included. */
export const migrationTimeoutMs = 600_000;

/**
 * PostgreSQL itself cancels a statement in time (`user-database.ts`), which leaves the connection usable. This much later
 * it has not answered at all, and the connection is given up.
 */
export const graceMs = 500;

/** After so long without a word, the system asks whether the other side is still there. */
const keepAliveMs = 30_000;

/** @throws DatabaseSetupError where the parameters of TLS in a URL cannot be used */
export function openPostgres(config: PostgresDatabase & DatabaseConfig): Connections {
  const common = { keepAlive: true, keepAliveInitialDelayMillis: keepAliveMs };
  const pool = new ConnectionPool(
    { ...common, ...connectionTarget(config.url, 'DATABASE_URL'), application_name: 'todo-api' },
    {
      max: config.poolMax,
      acquireTimeoutMs: config.timeoutMs,
      connectTimeoutMs,
      queryTimeoutMs: config.timeoutMs + graceMs,
      idleTimeoutMs,
    },
    (client) => configureSession(client, config.timeoutMs),
  );
  const direct = connectionTarget(config.directUrl, 'DATABASE_DIRECT_URL');
  const migrating = new Set<pg.Client>();

  return {
    pool,
    withMigrationClient: async (work) => {
      const client = new pg.Client({
        ...common,
        ...direct,
        connectionTimeoutMillis: connectTimeoutMs,
        query_timeout: migrationTimeoutMs,
        application_name: 'todo-api migrate',
      });
      client.on('error', () => {});
      migrating.add(client);
      try {
        await client.connect();
        const result = await work(client);
        await client.end();
        return result;
      } finally {
        // After a failure it may wait for an answer that never comes.
        destroySocket(client);
        migrating.delete(client);
      }
    },
    upkeep: null,
    async close() {
      for (const client of migrating) destroySocket(client);
      await pool.close();
    },
  };
}
