/**
 * Data that the server derives from users' rows in JavaScript, such as the words of search. A new version of the
 * server may derive it in another way, and then brings the stored rows to its own version after the migrations.
 */
import type { QueryClient } from '../driver.ts';
import { isRetryable } from '../errors.ts';
import { beginMigration } from './migrate.ts';
import { DatabaseSetupError } from './requirements.ts';
import { todoSchema } from './roles.ts';

type Query = <Row extends object>(text: string, values: readonly unknown[]) => Promise<Row[]>;

/** Where a run is: values of the key that it goes by. */
type Position = readonly string[];

export interface DerivedData {
  /** Its row in `todo_admin.derived_data`. */
  readonly name: string;
  /** To be raised with each change of what is derived. */
  readonly version: number;
  /** The tables of the schema `todo` that `deriveNext` reads and writes, in the order in which they are locked. */
  readonly tables: readonly string[];
  /**
   * Brings the next rows up to date, a bounded number of them, in a transaction that sees the rows of all users.
   *
   * @param after the last position; null at the beginning
   * @returns the new position and the number of rows that were looked at; null if there are no more
   */
  deriveNext(query: Query, after: Position | null): Promise<{ position: Position; rows: number } | null>;
}

interface State {
  readonly version: number;
  readonly target: number | null;
  readonly position: string[] | null;
}

/**
 * Brings all derived data to the version of this server. Each step is a transaction under the lock of migrations: a
 * run that was killed goes on where it stopped, and servers that start at once share the work.
 *
 * @returns what was brought up to date, for people
 * @throws DatabaseSetupError if it is of a newer server
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
 * Looks whether all derived data has the version of this server, without changing anything.
 *
 * @throws DatabaseSetupError if not
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

/** One transaction; null if there was nothing to do. */
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
      // A server that is running may hold the locks of tables in another order.
      if (!isRetryable(error)) throw error;
    }
  }
}

async function derive(client: QueryClient, data: DerivedData, { target, position }: State): Promise<number> {
  const { name, version, tables } = data;
  // The position of a run to another version does not apply.
  const after = target === version ? position : null;
  const isGuarded = !(await isExemptFromPolicies(client));
  if (isGuarded) await forcePolicies(client, tables, 'no force');
  const query: Query = async <QueryRow extends object>(text: string, values: readonly unknown[]) =>
    (await client.query<QueryRow>(text, [...values])).rows;
  const next = await data.deriveNext(query, after);
  if (isGuarded) await forcePolicies(client, tables, 'force');
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

async function isExemptFromPolicies(client: QueryClient): Promise<boolean> {
  const { rows } = await client.query<{ exempt: boolean }>(
    'select rolsuper or rolbypassrls as exempt from pg_roles where rolname = current_user',
  );
  return rows[0]?.exempt === true;
}

/** Only the owner of a table is exempt while FORCE is off, and other transactions never see that it was. */
async function forcePolicies(client: QueryClient, tables: readonly string[], force: 'force' | 'no force') {
  for (const table of tables) {
    await client.query(`alter table ${todoSchema.schemaName}.${table} ${force} row level security`);
  }
}
