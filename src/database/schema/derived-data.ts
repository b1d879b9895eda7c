/**
 * Derived data: columns and rows that the server computes from users' rows in JavaScript, for example search words. If a
 * new version of the server computes them differently, it updates the stored rows after the migrations.
 */
import type { QueryClient } from '../driver.ts';
import { isRetryable } from '../errors.ts';
import { beginMigration } from './migrate.ts';
import { DatabaseSetupError } from './requirements.ts';
import { withRowsOfAllUsers } from './rows-of-all-users.ts';

type Query = <Row extends object>(text: string, values: readonly unknown[]) => Promise<Row[]>;

/** Position of a run: the key of the last processed row. */
type Position = readonly string[];

export interface DerivedData {
  /** Name of its row in `todo_admin.derived_data`. */
  readonly name: string;
  /** Increase it with each change of the derivation. */
  readonly version: number;
  /** The tables of the schema `todo` that `deriveNext` reads and writes, in locking order. */
  readonly tables: readonly string[];
  /**
   * Updates the next rows, a limited number of them, in a transaction that sees the rows of all users.
   *
   * @param after the last position; null at the beginning
   * @returns the new position and the number of rows that were checked; null if there are no more rows
   */
  deriveNext(query: Query, after: Position | null): Promise<{ position: Position; rows: number } | null>;
}

interface State {
  readonly version: number;
  readonly target: number | null;
  readonly position: string[] | null;
}

/**
 * Updates all derived data to the version of this server. Each step is a transaction under the migration lock. So a run
 * that was killed continues where it stopped, and servers that start at once share the work.
 *
 * @returns a readable description of each update
 * @throws DatabaseSetupError if the data belongs to a newer server
 */
export async function bringUpToDate(client: QueryClient, all: readonly DerivedData[]): Promise<string[]> {
  const done: string[] = [];
  for (const data of all) {
    let total = 0;
    for (;;) {
      const rows = await deriveStep(client, data);
      if (rows === null) break;
      total += rows;
    }
    if (total > 0) done.push(`${data.name} version ${data.version} (${total} rows)`);
  }
  return done;
}

/**
 * Checks that all derived data has the version of this server. It changes nothing.
 *
 * @throws DatabaseSetupError if some data is older or newer
 */
export async function requireUpToDate(client: QueryClient, all: readonly DerivedData[]): Promise<void> {
  for (const data of all) {
    if (isPending(data, await readState(client, data, ''))) {
      throw new DatabaseSetupError(
        `The data in the database is older than this server: ${data.name} needs version ${data.version}. Run \`todo-api migrate\`, or leave MIGRATE_ON_START at true.`,
      );
    }
  }
}

/** Runs one transaction. Returns the number of rows, or null if nothing was pending. */
async function deriveStep(client: QueryClient, data: DerivedData): Promise<number | null> {
  for (;;) {
    await beginMigration(client);
    try {
      const state = await readState(client, data, 'for update');
      const rows = isPending(data, state) ? await derive(client, data, state) : null;
      await client.query('commit');
      return rows;
    } catch (error) {
      await client.query('rollback').catch(() => {});
      // A running server may lock the tables in another order, which can cause a deadlock.
      if (!isRetryable(error)) throw error;
    }
  }
}

async function derive(client: QueryClient, data: DerivedData, { target, position }: State): Promise<number> {
  const { name, version, tables } = data;
  // The position of a run to another version is not valid for this one.
  const after = target === version ? position : null;
  const query: Query = async <QueryRow extends object>(text: string, values: readonly unknown[]) =>
    (await client.query<QueryRow>(text, [...values])).rows;
  const next = await withRowsOfAllUsers(client, tables, () => data.deriveNext(query, after));
  await client.query(
    next
      ? {
          text: 'update todo_admin.derived_data set target = $2, position = $3 where name = $1',
          values: [name, version, next.position],
        }
      : {
          text: 'update todo_admin.derived_data set version = $2, target = null, position = null where name = $1',
          values: [name, version],
        },
  );
  return next?.rows ?? 0;
}

async function readState(client: QueryClient, { name }: DerivedData, lock: '' | 'for update'): Promise<State> {
  const { rows } = await client.query<State>(
    `select version, target, position from todo_admin.derived_data where name = $1 ${lock}`,
    [name],
  );
  if (!rows[0]) throw new Error(`todo_admin.derived_data has no row ${name}`);
  return rows[0];
}

/** @throws DatabaseSetupError if a newer server has begun to derive it */
function isPending({ name, version }: DerivedData, state: State): boolean {
  if (Math.max(state.version, state.target ?? 0) > version) {
    throw new DatabaseSetupError(
      `The data in the database is newer than this server: ${name} has version ${state.target ?? state.version}. Start the newer version of the server.`,
    );
  }
  return state.version < version;
}
