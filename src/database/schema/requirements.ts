/** Requirements on the database, which the server checks before it changes or serves anything. */
import type { QueryClient } from '../driver.ts';

const minServerVersion = 14;

/** The database cannot be used in its current state. The message says how to fix it. */
export class DatabaseSetupError extends Error {
  override readonly name = 'DatabaseSetupError';
}

/** The environment variable with the address of a connection. */
export type AddressVariable = 'DATABASE_URL' | 'DATABASE_DIRECT_URL';

/** Required values of settings. A role, a database or the server may have set other values. */
const requiredSettings: Readonly<Record<string, { isValid(value: string): boolean; fix: string; reason: string }>> = {
  transaction_read_only: {
    isValid: (value) => value === 'off',
    fix: 'default_transaction_read_only = off',
    reason: 'nothing can be written',
  },
  // Each statement of a pipeline must see what other transactions have committed before it.
  transaction_isolation: {
    isValid: (value) => value === 'read committed',
    fix: "default_transaction_isolation = 'read committed'",
    reason: 'concurrent writes fail',
  },
  DateStyle: {
    isValid: (value) => value.startsWith('ISO'),
    fix: "datestyle = 'ISO'",
    reason: 'timestamps cannot be read',
  },
  // Foreign keys are enforced by triggers.
  session_replication_role: {
    isValid: (value) => value === 'origin',
    fix: "session_replication_role = 'origin'",
    reason: 'foreign keys are not enforced',
  },
};

const settingNames = Object.keys(requiredSettings);

const readServerSql = `
  select current_setting('server_version') as version,
         current_setting('server_encoding') as encoding,
         pg_is_in_recovery() as "isStandby",
         exists (select from pg_collation where collname = 'und-x-icu') as "hasCollation",
         exists (select from pg_language where lanname = 'plpgsql') as "hasPlpgsql",
         quote_ident(session_user) as login,
         quote_ident(current_database()) as database,
         array[${settingNames.map((name) => `current_setting('${name}')`).join(', ')}] as settings`;

interface Found {
  readonly version: string;
  readonly encoding: string;
  readonly isStandby: boolean;
  readonly hasCollation: boolean;
  readonly hasPlpgsql: boolean;
  readonly login: string;
  readonly database: string;
  readonly settings: readonly string[];
}

/**
 * @param client a connection as the server uses it later, inside or outside of a transaction
 * @throws DatabaseSetupError that names the first requirement that is not met, and the fix
 */
export async function requireUsable(client: QueryClient, variable: AddressVariable): Promise<void> {
  const { rows } = await client.query<Found>(readServerSql);
  const [found] = rows;
  const problem = found && unmetRequirement(found, variable);
  if (problem) throw new DatabaseSetupError(problem);
}

function unmetRequirement(found: Found, variable: AddressVariable): string | undefined {
  const { version, encoding, isStandby, hasCollation, hasPlpgsql, login, database, settings } = found;
  if (Number.parseInt(version, 10) < minServerVersion) {
    return `The server is PostgreSQL ${version}; todo-api needs ${minServerVersion} or newer.`;
  }
  if (encoding !== 'UTF8') {
    return `The encoding of the database ${database} is ${encoding}; todo-api needs UTF8. Create one with "create database NAME encoding 'UTF8' locale 'C' template template0" and set ${variable} to it.`;
  }
  if (isStandby) {
    return `The server is a read-only standby. Set ${variable} to the address of the primary server.`;
  }
  if (!hasCollation) {
    return 'The database has no collation "und-x-icu". Use a PostgreSQL that was built with ICU; if this one was, run "select pg_import_system_collations(\'pg_catalog\')" as a superuser.';
  }
  if (!hasPlpgsql) return `The database ${database} has no language plpgsql. Run "create extension plpgsql" in it.`;
  const wrong = settingNames.findIndex((name, index) => !requiredSettings[name]?.isValid(settings[index] ?? ''));
  const required = requiredSettings[settingNames[wrong] ?? ''];
  if (!required) return undefined;
  return `${settingNames[wrong]} is "${settings[wrong]}", so ${required.reason}. Run "alter role ${login} in database ${database} set ${required.fix}", and remove the setting from ${variable} if it is there.`;
}
