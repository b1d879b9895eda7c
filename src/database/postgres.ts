/** A PostgreSQL server, Neon among them, over TCP. */
import pg from 'pg';
import type { DatabaseConfig, PostgresDatabase } from '../config/config.ts';
import type { Connections } from './connections.ts';

/** A suspended Neon database takes some seconds to wake up. */
const connectTimeoutMs = 12_000;

/** Shorter than the five minutes after which Neon suspends and closes connections by itself. */
const idleTimeoutMs = 60_000;

export function openPostgres(config: PostgresDatabase & DatabaseConfig): Connections {
  const pool = new pg.Pool({
    connectionString: withExplicitTls(config.url),
    max: config.poolMax,
    connectionTimeoutMillis: connectTimeoutMs,
    idleTimeoutMillis: idleTimeoutMs,
    query_timeout: config.timeoutMs,
    keepAlive: true,
    application_name: 'todo-api',
  });
  // Without a listener an error on a connection ends the process. What it means for a request is told to the request;
  // a connection that fails while idle is dropped by the pool.
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));

  return {
    pool,
    withMigrationClient: async (work) => {
      const client = new pg.Client({
        connectionString: withExplicitTls(config.directUrl),
        connectionTimeoutMillis: connectTimeoutMs,
        application_name: 'todo-api migrate',
      });
      client.on('error', () => {});
      await client.connect();
      try {
        return await work(client);
      } finally {
        await client.end();
      }
    },
    close: () => pool.end(),
  };
}

/**
 * pg takes the sslmodes `prefer`, `require` and `verify-ca` for `verify-full`, and prints a warning about it at each
 * start. Saying `verify-full` is the same without the warning.
 */
function withExplicitTls(connectionString: string): string {
  const url = new URL(connectionString);
  const mode = url.searchParams.get('sslmode');
  if (mode && ['prefer', 'require', 'verify-ca'].includes(mode) && !url.searchParams.has('uselibpqcompat')) {
    url.searchParams.set('sslmode', 'verify-full');
  }
  return url.href;
}
