/** Reversals: what undoes the changes that a change set made to one resource. */
import { isDeepStrictEqual } from 'node:util';
import type { BoundStatement, Statement } from '../database/statement.ts';
import type { changeKinds } from './change.ts';

/** A row of the history. */
export interface HistoryRow {
  readonly resource: string;
  readonly id: string;
  readonly kind: (typeof changeKinds)[number];
  /** The changed columns of an update, as JSON: `{"status": ["Todo", "Done"]}`. */
  readonly fields: string | null;
}

/** All changes of a change set to one resource together. */
export interface Reversal {
  readonly resource: string;
  readonly id: string;
  /** Whether the changes created the resource. Then it moves to the trash as it is, and no column changes. */
  readonly isCreated: boolean;
  /** Whether the resource existed before the changes, outside of the trash. */
  readonly existed: boolean;
  /** Whether the changes left the resource outside of the trash. */
  readonly exists: boolean;
  /** The values of the updated columns: before the changes, and as the changes left them. */
  readonly columns: Readonly<Record<string, readonly [before: unknown, left: unknown]>>;
}

/** @param rows in the order of the changes */
export function reversalsOf(rows: readonly HistoryRow[]): Reversal[] {
  const reversals = new Map<string, Reversal>();
  for (const { resource, id, kind, fields } of rows) {
    const place = `${resource} ${id}`;
    const isBeginning = kind === 'Created' || kind === 'Restored';
    const earlier = reversals.get(place);
    const isCreated = earlier?.isCreated ?? kind === 'Created';
    const columns: Record<string, readonly [unknown, unknown]> = { ...earlier?.columns };
    for (const [name, [before, left]] of isCreated ? [] : columnsOf(fields)) {
      columns[name] = [columns[name] ? columns[name][0] : before, left];
    }
    const existed = earlier?.existed ?? !isBeginning;
    reversals.set(place, { resource, id, isCreated, existed, exists: kind !== 'Deleted', columns });
  }
  return [...reversals.values()];
}

function columnsOf(fields: string | null): [string, [before: unknown, left: unknown]][] {
  return Object.entries(JSON.parse(fields ?? '{}'));
}

/** A resource as it is now: live, or in the trash. */
export interface StateRow {
  readonly id: string;
  readonly version: number;
  /** The number of its last change. */
  readonly seq: string;
  readonly in_trash: boolean;
  /** Its columns, as JSON. */
  readonly text: string;
}

/** What undoes the changes to one resource. */
export interface PlannedReversal {
  /** The resource as it was read. If it is in the trash, it is restored first. */
  readonly state: StateRow;
  /** The columns of `state`. */
  readonly content: Readonly<Record<string, unknown>>;
  /** The values of the columns that change. Without a column, there is no update. */
  readonly before: Readonly<Record<string, unknown>>;
  /** Whether the resource moves to the trash in the end. */
  readonly isDeleted: boolean;
}

/** Why a reversal is not possible, or what it does; neither if there is nothing to do. */
export type ReversalPlan =
  | { readonly conflict: string; readonly planned?: never }
  | { readonly conflict?: never; readonly planned?: PlannedReversal };

/** The statements that undo the changes to all resources of a kind. Each part runs after that part of the other kinds. */
export interface ReversalSteps {
  /** They stop if a resource has changed since it was read. They precede all changes, because triggers change other resources. */
  readonly checks: readonly BoundStatement[];
  /** They restore the resources that are in the trash. */
  readonly restored: readonly BoundStatement[];
  readonly updated: readonly BoundStatement[];
  /** They move resources to the trash. */
  readonly deleted: readonly BoundStatement[];
  /** They fail with a constraint violation if the resources cannot be as they are now. */
  readonly verified: readonly BoundStatement[];
}

/** The reason of a stop, before the kind and the id of the resource that has no list or parent to return to. */
export const noPlace = 'no_place';

/** How the changes of a kind of resource are undone. */
export interface UndoableResource {
  /** Reads the resources that a change set has changed, as they are now. */
  readStates(ownerId: string, changeSetId: string): BoundStatement<StateRow[]>;
  /** @param state undefined if the resource exists no more */
  plan(reversal: Reversal, state: StateRow | undefined): ReversalPlan;
  /** The number of the statements must not grow with that of the resources, because an undo can change thousands. */
  steps(ownerId: string, planned: readonly PlannedReversal[]): ReversalSteps;
  /** SQL of the columns as JSON text, of the resource with the id `named.id`. */
  readonly text: string;
  /** The resource as clients receive it. */
  toResource(columns: object): object;
}

/**
 * The statement of `readStates`: the resources of a kind that the change set `$2` of the owner `$1` has changed.
 *
 * @param parts.columns SQL of the columns of a live resource, from the table with its alias
 */
export function statesStatement(parts: {
  readonly name: string;
  readonly resource: string;
  readonly table: string;
  readonly alias: string;
  readonly columns: string;
}): Statement<StateRow[]> {
  const { name, resource, table, alias, columns } = parts;
  const changedIds = `(
        select distinct change.id from todo.changes as change
        where change.owner_id = $1 and change.change_set = $2::uuid and change.resource = '${resource}'
      ) as changed`;
  return {
    name,
    // With the limits, PostgreSQL looks each resource up. It would join the tables row by row if it estimates a few rows.
    text: `
    select current.id, current.version, current.seq::text as seq, false as in_trash, to_jsonb(current)::text as text
    from ${changedIds}, lateral (
      select ${columns}, ${alias}.seq
      from ${table} as ${alias} where ${alias}.owner_id = $1 and ${alias}.id = changed.id limit 1
    ) as current
    union all
    select trashed.id, trashed.version, trashed.seq::text, true, trashed.content::text
    from ${changedIds}, lateral (
      select * from todo.deleted
      where owner_id = $1 and resource = '${resource}' and content is not null and deleted.id = changed.id limit 1
    ) as trashed`,
  };
}

/** Why a resource is not where the changes left it; undefined if it is. */
export function conflictOfPlace({ exists }: Reversal, state: StateRow | undefined): string | undefined {
  if (!state) return 'was deleted permanently';
  if (exists && state.in_trash) return 'was deleted later';
  if (!exists && !state.in_trash) return 'was restored later';
  return undefined;
}

/**
 * The names of the columns that have other values than the changes left.
 *
 * @param isSame compares two values of a column
 */
export function changedSince(
  { columns }: Reversal,
  current: Readonly<Record<string, unknown>>,
  isSame: (name: string, one: unknown, other: unknown) => boolean = (_, one, other) => isDeepStrictEqual(one, other),
): string[] {
  return Object.keys(columns).filter((name) => !isSame(name, current[name], columns[name]?.[1]));
}

/** The values of the columns before the changes. */
export function valuesBefore({ columns }: Reversal): Record<string, unknown> {
  return Object.fromEntries(Object.entries(columns).map(([name, [before]]) => [name, before]));
}
