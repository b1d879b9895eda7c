/** Check that `src/auth/better-auth/tables.ts` has the tables that Better Auth expects in this version and configuration. */
import { getAuthTables } from 'better-auth/db';
import { type ForeignKey, getTableConfig, type PgTable } from 'drizzle-orm/pg-core';
import { createBetterAuth } from '../src/auth/better-auth/better-auth.ts';
import { IssuerDatabase } from '../src/auth/better-auth/issuer-database.ts';
import * as tables from '../src/auth/better-auth/tables.ts';
import { ConnectionPool } from '../src/database/pg/pool.ts';

interface ColumnRules {
  readonly required: boolean;
  readonly unique: boolean;
  readonly indexed: boolean;
  readonly references: string | undefined;
}

const columnTypes: Readonly<Record<string, string>> = {
  string: 'text',
  'string[]': 'text[]',
  boolean: 'boolean',
  number: 'integer',
  date: 'timestamp with time zone',
};

/** Columns that only the statements of this server use. */
const ownColumns = ['twoFactor.lastUsedStep integer'];

const expected = [...expectedColumns(), ...ownColumns];
const actual = actualColumns();
const errors = [
  ...expected.filter((column) => !actual.includes(column)).map((column) => `missing: ${column}`),
  ...actual.filter((column) => !expected.includes(column)).map((column) => `unexpected: ${column}`),
];
for (const error of errors) console.error(`src/auth/better-auth/tables.ts: ${error}`);
process.exitCode = errors.length > 0 ? 1 : 0;

function expectedColumns(): string[] {
  const limits = { max: 1, acquireTimeoutMs: 1, connectTimeoutMs: 1, queryTimeoutMs: 1, idleTimeoutMs: 1 };
  // It never connects, because only the options are read.
  const pool = new ConnectionPool({}, limits);
  const { options } = createBetterAuth(new IssuerDatabase(pool, limits.queryTimeoutMs), {
    publicUrl: 'http://localhost:3000',
    secret: 'not used, because nothing is signed here',
    trustedOrigins: [],
    erasure: { erase: async () => [], eraseTokens: async () => [], onErased: () => {} },
    accounts: { appUrl: null, sendMail: null, providers: {}, hasTwoFactor: true },
    log: () => {},
  });
  return Object.values(getAuthTables(options)).flatMap(({ modelName, fields }) => [
    `${modelName}.id text required primary`,
    ...Object.entries(fields).map(([name, field]) =>
      column(modelName, field.fieldName ?? name, columnTypes[String(field.type)] ?? String(field.type), {
        required: field.required !== false,
        unique: field.unique === true,
        indexed: field.index === true && !field.unique,
        references:
          field.references &&
          `${field.references.model}.${field.references.field} ${field.references.onDelete ?? 'cascade'}`,
      }),
    ),
  ]);
}

function actualColumns(): string[] {
  return Object.entries<PgTable>(tables).flatMap(([model, table]) => {
    const { columns, foreignKeys, indexes } = getTableConfig(table);
    const nameOf = (wanted: unknown) => Object.entries(table).find(([, candidate]) => candidate === wanted)?.[0] ?? '?';
    return columns.map((it) => {
      if (it.primary) return `${model}.${nameOf(it)} ${it.getSQLType()} required primary`;
      const reference = foreignKeys.find((key) => key.reference().columns[0] === it);
      return column(model, nameOf(it), it.getSQLType(), {
        required: it.notNull,
        unique: it.isUnique,
        // Hash indexes are for statements of this server.
        indexed: indexes.some(
          ({ config: { method, columns: parts } }) =>
            method === 'btree' && parts.some((part) => 'name' in part && part.name === it.name),
        ),
        references: reference && referenceOf(reference),
      });
    });
  });
}

function referenceOf(key: ForeignKey): string {
  const [target] = key.reference().foreignColumns;
  if (!target) throw new Error('a foreign key has no column');
  return `${getTableConfig(target.table).name}.${target.name} ${key.onDelete}`;
}

function column(table: string, name: string, type: string, rules: ColumnRules): string {
  const { required, unique, indexed, references } = rules;
  const words = [required && 'required', unique && 'unique', indexed && 'indexed', references && `-> ${references}`];
  return [`${table}.${name}`, type, ...words.filter(Boolean)].join(' ');
}
