/** The embedded PostgreSQL: PGlite, in a directory or in memory, spoken to through pg like any other server. */
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { createPgConfig, type PglitePgConnection } from '@electric-sql/pglite/node-postgres';
import pg from 'pg';
import type { EmbeddedDatabase } from '../config/config.ts';
import type { Connections } from './connections.ts';
import { lockDirectory } from './directory-lock.ts';

/**
 * Opens the embedded database. Its one connection serves everybody in turn.
 *
 * @param given an instance to use instead of opening one; it is closed with the connections
 * @throws DirectoryInUseError where another process has the directory open
 */
export async function openEmbedded(database: EmbeddedDatabase, given?: PGlite): Promise<Connections> {
  const unlock = database.directory === null ? () => {} : takeDirectory(database.directory);
  try {
    const pglite = given ?? (await createPglite(database));
    const serverConfig = createPgConfig(pglite);
    ignoreTypeParsers(serverConfig.connection);
    const pool = new pg.Pool({
      ...serverConfig,
      max: 1,
      idleTimeoutMillis: 0,
      connectionTimeoutMillis: 30_000,
    });
    return {
      pool,
      withMigrationClient: async (work) => {
        const client = await pool.connect();
        try {
          return await work(client);
        } finally {
          client.release();
        }
      },
      close: async () => {
        await pool.end();
        // The pool does not wait for its connection, which may have messages of a failed exchange to work through.
        serverConfig.connection.end();
        await once(serverConfig.connection, 'end');
        await pglite.close();
        unlock();
      },
    };
  } catch (error) {
    unlock();
    throw error;
  }
}

function createPglite({ directory }: EmbeddedDatabase): Promise<PGlite> {
  return PGlite.create({
    ...(directory !== null && { dataDir: join(directory, 'postgres') }),
    // The default would double the memory of the whole server.
    postgresqlconf: ['shared_buffers=16MB'],
  });
}

/**
 * A query of pg may bring parsers for its columns as `types`, as Drizzle's do. pg's own connection sees that they are
 * no list of parameter types; PGlite's fails on them.
 */
function ignoreTypeParsers(connection: PglitePgConnection): void {
  const parse = connection.parse.bind(connection);
  connection.parse = (message: { types?: unknown }) =>
    parse({ ...message, types: Array.isArray(message.types) ? message.types : [] });
}

function takeDirectory(directory: string): () => void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return lockDirectory(resolve(directory));
}
