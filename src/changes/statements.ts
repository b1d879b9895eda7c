/** The statements that read a user's changes. */
import type { AtMostOne, BoundStatement, Statement } from '../database/statement.ts';

/** The columns of the user's row in `todo.heads`. */
export interface Head {
  readonly epoch: string;
  /** The number of the last change. */
  readonly head: number;
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

/** Each row has the head. If there is no change, one row has nothing else. */
export type HeadAndChange = Head & (ChangeRow | { readonly op: null });

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

/**
 * The head, and all changes up to it that follow the positions: one statement has one snapshot of the database. The rows of
 * different tables have no common order.
 *
 * The function is strict, so PostgreSQL does not call it if the user has no changes after the positions.
 */
const changesAfter: Statement<HeadAndChange[]> = {
  name: 'changes_read',
  text: `
    select heads.epoch, heads.seq as head, heads.forgotten, change.*
    from todo.heads left join lateral todo.changes_after(
      case when heads.seq > least($2::bigint, $3::bigint) then heads.owner_id end, $2, $3, $4, $5
    ) as change on true
    where heads.owner_id = $1`,
};

/** A point in the numbering of a user's changes: the last change. */
export interface HeadRow {
  readonly epoch: string;
  readonly seq: number;
}

const head: Statement<AtMostOne<HeadRow>> = {
  name: 'head_read',
  text: 'select epoch, seq from todo.heads where owner_id = $1',
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
): BoundStatement<HeadAndChange[]> {
  return { statement: changesAfter, values: [ownerId, seq, removalsAfter, limit, maxBytes] };
}

/** It finds no row for a user who has made no change and has not read any. */
export function selectHead(ownerId: string): BoundStatement<AtMostOne<HeadRow>> {
  return { statement: head, values: [ownerId] };
}

export function insertHead(ownerId: string): BoundStatement<[{ readonly epoch: string }]> {
  return { statement: beginNumbering, values: [ownerId] };
}
