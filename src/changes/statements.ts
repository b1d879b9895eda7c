/** The statements that read a user's changes. */
import type { BoundStatement, Statement } from '../database/statement.ts';
import { maxPageBytes } from '../resource/page.ts';
import type { Position } from './cursor.ts';
import { type SyncedResource, syncedResources } from './resources.ts';

/** The head that a page was read with. Every row of the page has it. */
export interface Head {
  readonly epoch: string;
  readonly head: number;
  /** Whether the position can be served. Otherwise the page is the first one of a snapshot. */
  readonly is_served: boolean;
  /** The page has no removals up to this number. */
  readonly removals_after: number;
  readonly has_more: boolean;
}

/** A change of a page. */
export interface ChangeRow {
  readonly seq: number;
  readonly type: string;
  readonly id: string;
  readonly version: number;
  /** The current row of the resource; null if the resource is deleted. */
  readonly content: object | null;
}

/** The row of a page without changes. */
type NoChange = { readonly [column in keyof ChangeRow]: null };

/** The rows of a page: none if the user has no head. */
export type PageRows = [] | [Head & NoChange] | (Head & ChangeRow)[];

/** The keys of a table's rows after a position, in the order of their numbers. */
function keysAfter(position: string, type: string, table: string, textBytes: string, isLive: boolean): string {
  return `(
        select ${type} as type, id, version, seq, ${textBytes} as bytes, ${isLive} as is_live
        from ${table}
        where owner_id = $1 and seq > (select ${position} from head)
        order by seq limit (select max_rows from head)
      )`;
}

const live = ({ type, from, textBytes }: SyncedResource) =>
  keysAfter('seq_after', `'${type}'`, `${from.table} as ${from.alias}`, textBytes, true);

/** Read by its number, after the end of the page is known, so that long texts beyond it are not read. */
const content = ({ type, from: { table, alias }, columns }: SyncedResource) => `
          when '${type}' then (
            select row_to_json(content)
            from (select ${columns} from ${table} as ${alias} where ${alias}.owner_id = $1 and ${alias}.seq = page.seq) as content
          )`;

/**
 * A page after the position `$2` to `$4`, of at most `$5` - 1 changes and about `maxPageBytes`; without a position, the first
 * page of a snapshot. Head and rows are of one snapshot of the database, so the page has all changes up to the head that
 * follow the position.
 */
const changesAfter: Statement<PageRows> = {
  name: 'changes_read',
  text: `
    with head as materialized (
      select epoch, seq, is_served,
             case when is_served then $3::bigint else 0 end as seq_after,
             case when is_served then greatest($3::bigint, $4::bigint) else seq end as removals_after,
             -- A limit that the planner does not know makes it keep one plan. Planning would cost more than a page without changes.
             $5::bigint as max_rows
      from (
        select epoch, seq,
               coalesce(epoch = $2::uuid and greatest($3::bigint, $4::bigint) between forgotten and seq, false) as is_served
        from todo.heads where owner_id = $1
      ) as head
    ), page as materialized (
      select *, row_number() over following < $5
                and coalesce(sum(bytes) over (following rows between unbounded preceding and 1 preceding), 0) < ${maxPageBytes} as fits
      from (
        ${syncedResources.map(live).join(' union all ')}
        union all ${keysAfter('removals_after', 'resource', 'todo.deleted', '0', false)}
        order by seq limit (select max_rows from head)
      ) as found
      window following as (order by seq)
    )
    select head.epoch, head.seq as head, head.is_served, head.removals_after,
           exists (select from page where not fits) as has_more,
           page.seq, page.type, page.id, page.version,
           case when page.is_live then case page.type ${syncedResources.map(content).join('')} end end as content
    from head left join page on page.fits
    order by page.seq`,
};

/** Begins the numbering of a user who has made no change yet, so that the first cursor has an epoch. */
const beginNumbering: Statement<[{ readonly epoch: string }]> = {
  name: 'changes_begin',
  text: `
    insert into todo.heads (owner_id, seq) values ($1, 0)
    on conflict (owner_id) do update set seq = heads.seq
    returning epoch`,
};

/** @param after null for the first page of a snapshot */
export function selectChanges(ownerId: string, after: Position | null, limit: number): BoundStatement<PageRows> {
  const { epoch = null, seq = null, snapshotHead = null } = after ?? {};
  return { statement: changesAfter, values: [ownerId, epoch, seq, snapshotHead, limit + 1] };
}

export function insertHead(ownerId: string): BoundStatement<[{ readonly epoch: string }]> {
  return { statement: beginNumbering, values: [ownerId] };
}
