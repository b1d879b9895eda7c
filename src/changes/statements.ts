/** The statements that read a user's changes. */
import type { BoundStatement, Statement } from '../database/statement.ts';
import { type SyncedResource, syncedResources } from './resources.ts';

/** The row of the user in `todo.heads`. */
export interface HeadRow {
  readonly op: 'head';
  readonly epoch: string;
  /** The number of the last change. */
  readonly seq: number;
  /** The greatest number of a removal that may be missing. */
  readonly forgotten: number;
}

/** A changed resource, with the columns of its kind, or its removal. */
export interface ChangeRow {
  readonly op: 'put' | 'remove';
  readonly type: string;
  readonly seq: number;
  readonly id: string;
  readonly version: number;
  /** The size in bytes of the texts, also of those that were omitted. */
  readonly bytes: number;
}

/** The changes that a statement reads. */
export interface ChangesRange {
  /** It reads resources with greater numbers. */
  readonly seq: number;
  /** It reads removals with greater numbers. */
  readonly removalsAfter: number;
  /** The maximum number of resources of each kind, and of removals. */
  readonly limit: number;
  /** A resource with more bytes of text comes without its long texts. They are null then. */
  readonly maxBytes: number;
}

/** The columns of a row that its kind of resource does not have, in SQL. */
type Columns = Readonly<Record<string, string>>;

/** All columns of the statement, as nulls in their types. Kinds of resources share the columns of the same name. */
const nulls: Columns = {
  op: 'null::text',
  type: 'null::text',
  seq: 'null::bigint',
  bytes: 'null::integer',
  epoch: 'null::uuid',
  forgotten: 'null::bigint',
  ...Object.fromEntries(syncedResources.flatMap(nullsOf)),
};

function nullsOf({ from: { table, alias }, columns }: SyncedResource): [name: string, sql: string][] {
  return Object.entries(columns).map(([name, column]) => [name, column.replace(`${alias}.`, `(null::${table}).`)]);
}

/** The list of a `select`. All branches have the same columns; those without a value are null. */
function selectList(values: Columns): string {
  return Object.entries(nulls)
    .map(([name, typedNull]) => `${values[name] ?? typedNull} as ${name}`)
    .join(', ');
}

/** The rows of a table after a position, in the order of their numbers. */
function rowsAfter(position: string, table: string, values: Columns): string {
  return `(
      select ${selectList(values)}
      from ${table}
      where owner_id = $1 and seq > (select ${position}::bigint)
      order by seq limit (select $4::bigint)
    )`;
}

function resourcesAfter({ type, from, columns, textBytes, longTexts }: SyncedResource): string {
  const short = longTexts.map((name) => [name, `case when ${textBytes} <= $5::integer then ${columns[name]} end`]);
  const values = { ...columns, ...Object.fromEntries(short) };
  return rowsAfter('$2', `${from.table} as ${from.alias}`, {
    ...values,
    op: `'put'`,
    type: `'${type}'`,
    seq: 'seq',
    bytes: textBytes,
  });
}

const removals = { op: `'remove'`, type: 'resource', seq: 'seq', bytes: '0', id: 'id', version: 'version' };

/**
 * The head, and all changes up to it that follow the positions: one statement has one snapshot of the database. The rows of
 * different tables have no common order.
 *
 * The sub-selects hide the values from the planner, so that it keeps one plan for all of them. Planning would cost more
 * than a page without changes.
 */
const changesAfter: Statement<(HeadRow | ChangeRow)[]> = {
  name: 'changes_read',
  text: `
    select ${selectList({ op: `'head'`, epoch: 'epoch', seq: 'seq', forgotten: 'forgotten' })}
    from todo.heads where owner_id = $1
    union all ${[...syncedResources.map(resourcesAfter), rowsAfter('$3', 'todo.deleted', removals)].join(' union all ')}`,
};

/** Begins the numbering of a user who has made no change yet, so that the first cursor has an epoch. */
const beginNumbering: Statement<[{ readonly epoch: string }]> = {
  name: 'changes_begin',
  text: `
    insert into todo.heads (owner_id, seq) values ($1, 0)
    on conflict (owner_id) do update set seq = heads.seq
    returning epoch`,
};

/** It finds no row if the user has no head. */
export function selectChanges(
  ownerId: string,
  { seq, removalsAfter, limit, maxBytes }: ChangesRange,
): BoundStatement<(HeadRow | ChangeRow)[]> {
  return { statement: changesAfter, values: [ownerId, seq, removalsAfter, limit, maxBytes] };
}

export function insertHead(ownerId: string): BoundStatement<[{ readonly epoch: string }]> {
  return { statement: beginNumbering, values: [ownerId] };
}
