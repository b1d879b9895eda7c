/** Reversals: what undoes the changes that a change set made to one resource. */
import { isDeepStrictEqual } from 'node:util';
import type { BoundStatement, Statement } from '../database/statement.ts';
import type { changeKinds } from './table.ts';

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

/** The statements that make a reversal. Each part runs after that part of all reversals of the undo. */
export interface ReversalSteps {
  /** They stop if the resource has changed since it was read. They precede all changes, because triggers change other resources. */
  readonly checks?: readonly BoundStatement[];
  /** They restore the resource from the trash. */
  readonly restored?: readonly BoundStatement[];
  /** The id of the resource of the same kind that must be restored before, if it is part of the undo. */
  readonly restoredAfter?: string | null;
  readonly updated?: readonly BoundStatement[];
  /** They move the resource to the trash. */
  readonly deleted?: readonly BoundStatement[];
}

/** Why a reversal is not possible, or the statements that make it. */
export type ReversalPlan =
  | { readonly conflict: string; readonly steps?: never }
  | { readonly conflict?: never; readonly steps: ReversalSteps };

/** How the changes of a kind of resource are undone. */
export interface UndoableResource {
  /** Reads the resources that a change set has changed, as they are now. */
  readStates(ownerId: string, changeSetId: string): BoundStatement<StateRow[]>;
  /** @param state undefined if the resource exists no more */
  plan(ownerId: string, reversal: Reversal, state: StateRow | undefined): ReversalPlan;
  /** Follows all changes of an undo, and fails with a constraint violation if these resources cannot be as they are now. */
  verify?(ownerId: string, ids: readonly string[]): BoundStatement;
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
        select change.id from todo.changes as change
        where change.owner_id = $1 and change.change_set = $2::uuid and change.resource = '${resource}'
      )`;
  return {
    name,
    text: `
    select current.id, current.version, current.seq::text as seq, false as in_trash, to_jsonb(current)::text as text
    from (
      select ${columns}, ${alias}.seq
      from ${table} as ${alias} where ${alias}.owner_id = $1 and ${alias}.id in ${changedIds}
    ) as current
    union all
    select id, version, seq::text, true, content::text from todo.deleted
    where owner_id = $1 and resource = '${resource}' and content is not null and id in ${changedIds}`,
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
