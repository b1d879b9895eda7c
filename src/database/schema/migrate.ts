/** Schema migrations: applies the SQL files of `migrations/` in the order of their numbers. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Driver, QueryClient } from '../driver.ts';
import { errorCode, sqlState } from '../errors.ts';
import { migrationTimeoutMs } from '../pg/migration-client.ts';
import { DatabaseSetupError, requireUsable } from './requirements.ts';
import { janitorRole, roles, userRole } from './roles.ts';

/** The relative path is the same from `src/` and from `dist/`. */
const directory = fileURLToPath(new URL('../../../migrations', import.meta.url));

/** Key of the advisory lock. It is arbitrary, but must be the same in all servers and unused by other applications. */
const lockKey = 8_031_977_421;

interface Migration {
  readonly number: number;
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

interface Applied {
  readonly number: number;
  readonly name: string;
  readonly checksum: string;
}

/**
 * Applies the missing migrations. Each one runs in its own transaction under a lock, so several servers can start at once.
 *
 * @returns the names of the migrations that were applied
 * @throws DatabaseSetupError if the schema is newer, or if the login lacks a privilege
 */
export function migrate(driver: Driver): Promise<string[]> {
  const migrations = readMigrations();
  return driver.withMigrationClient(async (client) => {
    await requireUsableDirectly(client);
    const names: string[] = [];
    for (;;) {
      const name = await withSetupInstructions(client, () => applyNext(client, migrations));
      if (name === null) return names;
      names.push(name);
    }
  });
}

/**
 * Checks that the schema has the version of this server. It changes nothing.
 *
 * @throws DatabaseSetupError if it is older or newer
 */
export function assertSchemaUpToDate(driver: Driver): Promise<void> {
  const migrations = readMigrations();
  return driver.withMigrationClient(async (client) => {
    await requireUsableDirectly(client);
    const applied = await readApplied(client);
    if (pending(migrations, applied) !== undefined) {
      throw new DatabaseSetupError(
        'The schema of the database is older than this server. Run `todo-api migrate`, or leave MIGRATE_ON_START at true.',
      );
    }
  });
}

/**
 * With another default isolation level, the transaction would not see what other servers committed before it got the
 * lock.
 */
const begin = 'begin isolation level read committed';

/** Migrations may take longer than requests. PostgreSQL has `transaction_timeout` since version 17. */
const migrationTimeouts = `
  select set_config(name, case name when 'statement_timeout' then '${migrationTimeoutMs}' else '0' end, true)
  from pg_settings
  where name in ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout')`;

async function requireUsableDirectly(client: QueryClient): Promise<void> {
  await client.query(begin);
  await client.query("set local datestyle = 'ISO'");
  await requireUsable(client, 'DATABASE_DIRECT_URL');
  await client.query('commit');
}

/** Applies the first missing migration. Returns null if none is missing. */
async function applyNext(client: QueryClient, migrations: readonly Migration[]): Promise<string | null> {
  await beginMigration(client);
  try {
    const migration = pending(migrations, await readApplied(client));
    if (!migration) {
      await client.query('commit');
      return null;
    }
    for (const role of roles) await ensureRole(client, role);
    if (migration.number === 0) await createMigrationsTable(client);
    await client.query(migration.sql);
    await applyTablePolicies(client);
    await client.query('insert into todo_admin.migrations (number, name, checksum) values ($1, $2, $3)', [
      migration.number,
      migration.name,
      migration.checksum,
    ]);
    await client.query('commit');
    return migration.name;
  } catch (error) {
    await client.query('rollback').catch(() => {});
    throw error;
  }
}

/**
 * Begins a transaction after all other servers have finished migrating. Its statements may take longer than requests.
 */
export async function beginMigration(client: QueryClient): Promise<void> {
  await client.query(begin);
  await client.query(migrationTimeouts);
  // A transaction-level lock, because a pooler shares sessions between clients.
  await client.query('select pg_advisory_xact_lock($1)', [lockKey]);
}

function pending(migrations: readonly Migration[], applied: readonly Applied[]): Migration | undefined {
  for (const done of applied) {
    const known = migrations[done.number];
    if (!known) {
      throw new DatabaseSetupError(
        `The schema of the database is newer than this server: it has "${done.name}". Start the newer version of the server.`,
      );
    }
    if (known.checksum !== done.checksum) {
      throw new DatabaseSetupError(
        `The migration "${done.name}" in the database differs from this server's. They belong to different versions. Use a separate database for this version.`,
      );
    }
  }
  return migrations[applied.length];
}

async function readApplied(client: QueryClient): Promise<Applied[]> {
  const { rows } = await client.query<{ present: boolean }>(
    "select to_regclass('todo_admin.migrations') is not null as present",
  );
  if (!rows[0]?.present) return [];
  const applied = await client.query<Applied>(
    'select number, name, checksum from todo_admin.migrations order by number',
  );
  return applied.rows;
}

function readMigrations(): Migration[] {
  return readdirSync(directory)
    .filter((file) => file.endsWith('.sql'))
    .sort()
    .map((file, number) => {
      const text = readFileSync(`${directory}/${file}`, 'utf8');
      // Git may have converted the line endings on Windows.
      const checksum = createHash('sha256').update(text.replaceAll('\r\n', '\n')).digest('hex');
      return { number, name: file.replace(/\.sql$/, ''), sql: text, checksum };
    });
}

async function createMigrationsTable(client: QueryClient): Promise<void> {
  await client.query(`
    create schema if not exists todo_admin;
    create table if not exists todo_admin.migrations (
      number integer primary key,
      name text not null,
      checksum text not null,
      applied_at timestamptz not null default now()
    )`);
}

/** Creates a role unless the cluster has it already, and grants it to the login. */
async function ensureRole(client: QueryClient, role: string): Promise<void> {
  const { rows } = await client.query('select 1 from pg_roles where rolname = $1', [role]);
  if (rows.length === 0) {
    await client.query('savepoint role');
    try {
      await client.query(`create role ${role} nologin`);
    } catch (error) {
      // A server on another database of the cluster has created it meanwhile.
      const code = errorCode(error);
      if (code !== sqlState.duplicateObject && code !== sqlState.uniqueViolation) throw error;
      await client.query('rollback to savepoint role');
    }
  }
  if (!(await canSetRole(client, role))) {
    // Since PostgreSQL 16, creating a role does not include the right to SET ROLE to it.
    await client.query(`grant ${role} to current_user`);
  }
}

async function canSetRole(client: QueryClient, role: string): Promise<boolean> {
  await client.query('savepoint set_role');
  try {
    await client.query(`set local role ${role}`);
    return true;
  } catch (error) {
    if (errorCode(error) !== sqlState.insufficientPrivilege) throw error;
    return false;
  } finally {
    await client.query('rollback to savepoint set_role');
  }
}

/**
 * Enables and forces row-level security on every table of user data after each migration, so that no table is missed.
 * Drizzle supports neither grants nor FORCE, which applies the policies to the tables' owner, too.
 */
async function applyTablePolicies(client: QueryClient): Promise<void> {
  await client.query(`
    grant usage on schema todo to ${userRole}, ${janitorRole};
    grant select, insert, update, delete on all tables in schema todo to ${userRole};
    grant select, update, delete on todo.idempotency_keys to ${janitorRole}`);
  const { rows } = await client.query<{ name: string }>(
    "select quote_ident(tablename) as name from pg_tables where schemaname = 'todo'",
  );
  for (const { name } of rows) {
    await client.query(`
      alter table todo.${name} enable row level security;
      alter table todo.${name} force row level security`);
  }
}

/** Adds the SQL that fixes a missing privilege to the error. */
async function withSetupInstructions<Result>(client: QueryClient, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    // Raised by a migration that does not fit this database, or by an event trigger of the database.
    if (errorCode(error) === sqlState.raiseException) {
      const { message } = error as Error;
      throw new DatabaseSetupError(`A migration was rejected (SQLSTATE P0001): ${message}`, { cause: error });
    }
    if (errorCode(error) !== sqlState.insufficientPrivilege) throw error;
    const { rows } = await client.query<{ login: string; database: string }>(
      'select quote_ident(current_user) as login, quote_ident(current_database()) as database',
    );
    const { login, database } = rows[0] ?? { login: 'LOGIN', database: 'DATABASE' };
    throw new DatabaseSetupError(
      [
        `The login ${login} lacks a privilege to set up the database (${(error as Error).message}). Have a superuser run:`,
        ...roles.map((role) => `  create role ${role} nologin;   -- unless it exists`),
        `  grant ${roles.join(', ')} to ${login};`,
        `  grant create on database ${database} to ${login};`,
        'and start again.',
      ].join('\n'),
      { cause: error },
    );
  }
}
