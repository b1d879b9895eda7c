/** Requirements on the database, which the server checks before it changes or serves anything. */
import type { QueryClient } from '../driver.ts';

const oldestServer = 14;

/** The database cannot be used as it is. The message names the fix. */
export class DatabaseSetupError extends Error {
  override readonly name = 'DatabaseSetupError';
}

/** The variable that the address of a connection came from. */
export type AddressVariable = 'DATABASE_URL' | 'DATABASE_DIRECT_URL';

/** Settings that may not have another value, which a role, a database or the server may set. */
const requiredSettings: Readonly<Record<string, { isGood(value: string): boolean; good: string; because: string }>> = {
  transaction_read_only: {
    isGood: (value) => value === 'off',
    good: 'default_transaction_read_only = off',
    because: 'nothing can be written',
  },
  // Each statement of an exchange must see what others have committed before it.
  transaction_isolation: {
    isGood: (value) => value === 'read committed',
    good: "default_transaction_isolation = 'read committed'",
    because: 'concurrent writes fail',
  },
  DateStyle: {
    isGood: (value) => value.startsWith('ISO'),
    good: "datestyle = 'ISO'",
    because: 'timestamps cannot be read',
  },
  // Foreign keys are triggers.
  session_replication_role: {
    isGood: (value) => value === 'origin',
    good: "session_replication_role = 'origin'",
    because: 'foreign keys are not enforced',
  },
};

const settingNames = Object.keys(requiredSettings);

const look = `
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
  const { rows } = await client.query<Found>(look);
  const [found] = rows;
  const fault = found && faultOf(found, variable);
  if (fault) throw new DatabaseSetupError(fault);
}

function faultOf(found: Found, variable: AddressVariable): string | undefined {
  const { version, encoding, isStandby, hasCollation, hasPlpgsql, login, database, settings } = found;
  if (Number.parseInt(version, 10) < oldestServer) {
    return `The server is PostgreSQL ${version}; todo-api needs ${oldestServer} or newer.`;
  }
  if (encoding !== 'UTF8') {
    return `The encoding of the database ${database} is ${encoding}; todo-api needs UTF8. Create one with "create database NAME encoding 'UTF8' locale 'C' template template0" and set ${variable} to it.`;
  }
  if (isStandby) {
    return `The server is a standby, on which nothing can be written. Set ${variable} to the address of the primary server.`;
  }
  if (!hasCollation) {
    return 'The database has no collation "und-x-icu". Use a PostgreSQL that was built with ICU; if this one was, run "select pg_import_system_collations(\'pg_catalog\')" as a superuser.';
  }
  if (!hasPlpgsql) return `The database ${database} has no language plpgsql. Run "create extension plpgsql" in it.`;
  const wrong = settingNames.findIndex((name, index) => !requiredSettings[name]?.isGood(settings[index] ?? ''));
  const required = requiredSettings[settingNames[wrong] ?? ''];
  if (!required) return undefined;
  return `${settingNames[wrong]} is "${settings[wrong]}", so ${required.because}. Run "alter role ${login} in database ${database} set ${required.good}", and remove the setting from ${variable} if it is there.`;
}
