/** Check that `src/auth/better-auth/tables.ts` has the tables that Better Auth expects in this version and configuration. */
import { getAuthTables } from 'better-auth/db';
import { getTableConfig } from 'drizzle-orm/pg-core';
import pg from 'pg';
import { createBetterAuth } from '../dist/auth/better-auth/issuer.js';
import { IssuerDatabase } from '../dist/auth/better-auth/issuer-database.js';
import * as tables from '../dist/auth/better-auth/tables.js';

const columnTypes = {
  string: 'text',
  'string[]': 'text[]',
  boolean: 'boolean',
  number: 'integer',
  date: 'timestamp with time zone',
};

const expected = expectedColumns();
const actual = actualColumns();
const errors = [
  ...expected.filter((column) => !actual.includes(column)).map((column) => `missing: ${column}`),
  ...actual.filter((column) => !expected.includes(column)).map((column) => `unexpected: ${column}`),
];
for (const error of errors) console.error(`src/auth/better-auth/tables.ts: ${error}`);
process.exitCode = errors.length > 0 ? 1 : 0;

function expectedColumns() {
  const { options } = createBetterAuth(new IssuerDatabase(new pg.Pool(), 0), {
    publicUrl: 'http://localhost:3000',
    secret: 'not used, because nothing is signed here',
    trustedOrigins: [],
    log: () => {},
  });
  return Object.values(getAuthTables(options)).flatMap(({ modelName, fields }) => [
    `${modelName}.id text required primary`,
    ...Object.entries(fields).map(([name, field]) =>
      column(modelName, field.fieldName ?? name, columnTypes[field.type], {
        required: field.required !== false,
        unique: field.unique,
        indexed: field.index && !field.unique,
        references:
          field.references && `${field.references.model}.${field.references.field} ${field.references.onDelete}`,
      }),
    ),
  ]);
}

function actualColumns() {
  return Object.entries(tables).flatMap(([model, table]) => {
    const { columns, foreignKeys, indexes } = getTableConfig(table);
    const nameOf = (wanted) => Object.keys(table).find((name) => table[name] === wanted);
    return columns.map((it) => {
      if (it.primary) return `${model}.${nameOf(it)} ${it.getSQLType()} required primary`;
      const reference = foreignKeys.find((key) => key.reference().columns[0] === it);
      return column(model, nameOf(it), it.getSQLType(), {
        required: it.notNull,
        unique: it.isUnique,
        indexed: indexes.some((index) => index.config.columns.some(({ name }) => name === it.name)),
        references: reference && referenceOf(reference),
      });
    });
  });
}

function referenceOf(key) {
  const [target] = key.reference().foreignColumns;
  return `${getTableConfig(target.table).name}.${target.name} ${key.onDelete}`;
}

function column(table, name, type, { required, unique, indexed, references }) {
  const words = [required && 'required', unique && 'unique', indexed && 'indexed', references && `-> ${references}`];
  return [`${table}.${name}`, type, ...words.filter(Boolean)].join(' ');
}
