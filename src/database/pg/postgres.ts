/** Driver for a PostgreSQL server over TCP, including Neon. */
import type pg from 'pg';
import type { DatabaseConfig, PostgresDatabase } from '../../config/config.ts';
import type { Driver } from '../driver.ts';
import { createBatch } from './batch.ts';
import { createMigrationClient } from './migration-client.ts';
import { ConnectionPool } from './pool.ts';
import { destroySocket } from './pooled-connection.ts';
import { configureSession } from './session-settings.ts';
import { connectionTarget } from './tls.ts';

/** A suspended Neon database takes some seconds to wake up. */
export const connectTimeoutMs = 12_000;

/** Shorter than the five minutes after which Neon suspends the database and closes its connections. */
export const idleTimeoutMs = 60_000;

/**
 * PostgreSQL cancels a statement at its timeout (`session-settings.ts`), and the connection stays usable. If there is no
 * answer after this additional time, the pool closes the connection.
 */
export const graceMs = 500;

/** Idle time after which the operating system checks with TCP keep-alive that the server is still reachable. */
const keepAliveMs = 30_000;

/** @throws DatabaseSetupError if the TLS parameters of a URL cannot be used */
export function openPostgres(config: PostgresDatabase & DatabaseConfig): Driver {
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
    (connection) => configureSession(connection, config.timeoutMs),
  );
  const direct = connectionTarget(config.directUrl, 'DATABASE_DIRECT_URL');
  const migrationClients = new Set<pg.Client>();

  return {
    batch: createBatch(pool, config),
    pool,
    withMigrationClient: async (work) => {
      const client = createMigrationClient({
        ...common,
        ...direct,
        connectionTimeoutMillis: connectTimeoutMs,
        application_name: 'todo-api migrate',
      });
      migrationClients.add(client);
      try {
        await client.connect();
        const result = await work(client);
        await client.end();
        return result;
      } finally {
        // After a failure, the client may wait for an answer that never arrives.
        destroySocket(client);
        migrationClients.delete(client);
      }
    },
    maintenance: null,
    async close() {
      for (const client of migrationClients) destroySocket(client);
      await pool.end();
    },
  };
}
