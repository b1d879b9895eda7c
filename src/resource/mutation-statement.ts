/**
 * Statements of mutations, which change nothing if the request is a replay.
 *
 * A request with an idempotency key sends its mutation before the server knows whether the key is new. The statements
 * that acquire the key set `app.write` to `off` if the mutation must not run (`src/idempotency/keys.ts`).
 */
import type { BoundStatement, Parameter, Statement } from '../database/statement.ts';

declare const isReplaySafe: unique symbol;

/** A statement that a replay can send safely. Only `writeStatement` and `readStatement` return one. */
export interface MutationStatement<Rows extends object[] = object[]> extends Statement<Rows> {
  /** For the compiler only; no statement has this property. */
  readonly [isReplaySafe]: true;
}

/** A statement of a mutation with the values of its parameters. */
export interface BoundMutationStatement<Rows extends object[] = object[]> extends BoundStatement<Rows> {
  readonly statement: MutationStatement<Rows>;
  readonly values: readonly Parameter[];
  /** The cost of its rows in index tables, relative to the row of a search word. It is most of the cost of a write. */
  readonly indexCost?: number;
}

/** The local setting that says whether mutations run: `off` if they must not; anything else if they may. */
export const writeSetting = 'app.write';

/** False if the mutation of this request must not run. */
const notReplayed = `coalesce(current_setting('${writeSetting}', true), 'on') <> 'off'`;

/**
 * A statement that changes or locks rows.
 *
 * @param text builds the SQL. It must use the predicate `notReplayed` in each part that the others do not depend on.
 * @throws Error if the SQL lacks the predicate
 */
export function writeStatement<Rows extends object[]>(
  name: string,
  text: (notReplayed: string) => string,
): MutationStatement<Rows> {
  const statement = { name, text: text(notReplayed) };
  if (!statement.text.includes(notReplayed)) throw new Error(`${name} would change rows again in a replay`);
  return statement as unknown as MutationStatement<Rows>;
}

/** @throws Error if the SQL is not a single `select`, or locks rows */
export function readStatement<Rows extends object[]>(name: string, text: string): MutationStatement<Rows> {
  if (!/^\s*select\b/i.test(text) || /\bfor\s+(no key update|update|key share|share)\b/i.test(text)) {
    throw new Error(`${name} is not a read; use writeStatement`);
  }
  return { name, text } as unknown as MutationStatement<Rows>;
}
