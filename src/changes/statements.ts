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

/** A change of a page, with the columns of the resource that `contentOf` returns. */
export interface ChangeRow {
  readonly seq: number;
  readonly type: string;
  readonly id: string;
  readonly version: number;
  /** Whether the resource exists. Otherwise it was deleted. */
  readonly is_live: boolean;
}

/** The row of a page without changes. */
type NoChange = { readonly [column in keyof ChangeRow]: null };

/** The rows of a page: none if the user has no head. */
export type PageRows = [] | [Head & NoChange] | (Head & ChangeRow)[];

/** The name of a resource's column in a page. */
const pageColumn = (type: string, column: string) => `${type}.${column}`;

/**
 * The columns of all resources, with values of one of them. The others are null, in the type of their columns.
 *
 * @param present undefined for removals
 */
function contents(present: SyncedResource | undefined): string {
  return syncedResources
    .flatMap((resource) => {
      const { table, alias } = resource.from;
      const isPresent = resource === present;
      return Object.entries(resource.columns).map(
        ([name, column]) =>
          `${isPresent ? column : column.replace(`${alias}.`, `(null::${table}).`)} as "${pageColumn(resource.type, name)}"`,
      );
    })
    .join(', ');
}

/** The rows of a table after a position, in the order of their numbers. */
function rowsAfter(position: string, parts: { type: string; from: string; bytes: string; resource?: SyncedResource }) {
  const { type, from, bytes, resource } = parts;
  return `(
        select ${type} as type, id, version, seq, ${bytes} as bytes, ${resource !== undefined} as is_live, ${contents(resource)}
        from ${from}
        where owner_id = $1 and seq > (select ${position} from head)
        order by seq limit (select max_rows from head)
      )`;
}

const live = (resource: SyncedResource) =>
  rowsAfter('seq_after', {
    type: `'${resource.type}'`,
    from: `${resource.from.table} as ${resource.from.alias}`,
    bytes: resource.textBytes,
    resource,
  });

const pageColumns = syncedResources
  .flatMap(({ type, columns }) => Object.keys(columns).map((name) => `page."${pageColumn(type, name)}"`))
  .join(', ');

/**
 * A page after the position `$2` to `$4`, of at most `$5` - 1 changes and about `maxPageBytes`; without a position, the first
 * page of a snapshot. Head and rows are of one snapshot of the database, so the page has all changes up to the head that
 * follow the position. PostgreSQL reads long texts only for the rows that fit.
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
        union all ${rowsAfter('removals_after', { type: 'resource', from: 'todo.deleted', bytes: '0' })}
        order by seq limit (select max_rows from head)
      ) as found
      window following as (order by seq)
    )
    select head.epoch, head.seq as head, head.is_served, head.removals_after,
           exists (select from page where not fits) as has_more,
           page.seq, page.type, page.id, page.version, page.is_live, ${pageColumns}
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

/** The names of each resource's columns, in its row and in a page. */
const contentColumns = new Map(
  syncedResources.map((resource) => [
    resource,
    Object.keys(resource.columns).map((name) => [name, pageColumn(resource.type, name)] as const),
  ]),
);

/** The row of the resource of a change. */
export function contentOf(row: ChangeRow, resource: SyncedResource): object {
  const values = row as unknown as Readonly<Record<string, unknown>>;
  const content: Record<string, unknown> = {};
  for (const [name, column] of contentColumns.get(resource) ?? []) content[name] = values[column];
  return content;
}

export function insertHead(ownerId: string): BoundStatement<[{ readonly epoch: string }]> {
  return { statement: beginNumbering, values: [ownerId] };
}
