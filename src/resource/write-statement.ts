/** Write statements: each changes rows, and returns the rows of its outcome. Triggers number and record the changes. */
import type { BoundStatement, Parameter, Statement } from '../database/statement.ts';

/**
 * The outcome of a write, which decides the response. Its rows are stored under the idempotency key of the request, so that
 * a replay renders the same response from the same rows.
 */
export interface OutcomeStatement<Rows extends object[] = object[]> extends Statement<Rows> {
  /** The same statement, which also stores its rows. Its rows are `RecordedRow`s. */
  readonly recorded: Statement<[RecordedRow]>;
}

/** The rows of an outcome as they are stored, as JSON. */
export interface RecordedRow {
  readonly body: string;
}

export interface BoundOutcomeStatement<Rows extends object[] = object[]> extends BoundStatement<Rows> {
  readonly statement: OutcomeStatement<Rows>;
  /** The cost of its rows in index tables, relative to the row of a search word. It is most of the cost of a write. */
  readonly indexCost?: number;
}

/** The request under whose idempotency key an outcome is stored. */
export interface RecordOf {
  readonly key: string;
  /** SHA-256 of method, path and body, in hexadecimal form. */
  readonly fingerprint: string;
  readonly requestId: string;
  readonly changeSet: string;
}

/**
 * @param parts.with the common table expressions; `$1` is the owner
 * @param parts.select the rows of the outcome
 * @param parts.parameters the number of parameters
 */
export function outcomeStatement<Rows extends object[]>(
  name: string,
  parts: { with: readonly string[]; select: string; parameters: number },
): OutcomeStatement<Rows> {
  const after = (offset: number) => `$${parts.parameters + offset}`;
  const record = [
    `outcome as materialized (${parts.select})`,
    `recorded as (
      insert into todo.idempotency_keys (owner_id, key, fingerprint, request_id, change_set, body, created_at)
      -- The time of this statement, because the running totals are in the order of the user's turns.
      select $1, ${after(1)}, decode(${after(2)}, 'hex'), ${after(3)}, ${after(4)}::uuid,
             (select coalesce(json_agg(outcome), '[]')::text from outcome), statement_timestamp()
      -- A conflicting row has expired.
      on conflict (owner_id, key) do update
      set fingerprint = excluded.fingerprint, request_id = excluded.request_id, change_set = excluded.change_set,
          status = null, content_type = null, etag = null, location = null, body = excluded.body,
          created_at = excluded.created_at, running_count = excluded.running_count, running_bytes = excluded.running_bytes
      returning body
    )`,
  ];
  return {
    name,
    text: `with ${parts.with.join(',\n')}\n${parts.select}`,
    recorded: {
      name: `${name}_recorded`,
      text: `with ${[...parts.with, ...record].join(',\n')}\nselect body from recorded`,
    },
  };
}

/** The statement that stores the rows of an outcome, too. */
export function recorded(
  { statement, values }: BoundOutcomeStatement,
  { key, fingerprint, requestId, changeSet }: RecordOf,
): BoundStatement<[RecordedRow]> {
  const record: Parameter[] = [key, fingerprint, requestId, changeSet];
  return { statement: statement.recorded, values: [...values, ...record] };
}
