/** Mutations: the statements of a write, and the meaning of their rows and errors. */
import type { BoundStatement } from '../database/statement.ts';
import type { RefusedValueError, WriteStoppedError } from '../database/user-database.ts';
import type { ProblemError } from '../problems/problem.ts';
import type { Quotas } from '../quotas/quotas.ts';
import type { ChangeSet } from './change.ts';
import type { BoundOutcomeStatement } from './write-statement.ts';

/** A write of one resource, or of several in order. `executeWrite` of `src/idempotency/` runs it in one round trip. */
export interface Mutation<Result> {
  readonly changeSet: ChangeSet;
  /** The statements before the outcome; none if the outcome is the whole write. */
  readonly statements: readonly BoundStatement[];
  /** The last statement. Its rows decide the result, also that of a replay. */
  readonly outcome: BoundOutcomeStatement;
  /**
   * The result, from the rows of the outcome.
   *
   * @throws ProblemError if the write was not done, for example version_mismatch; then no statement has changed a row
   */
  toResult(rows: readonly object[]): Result;
  /**
   * The problem of a statement that stopped the write. `error.rows` has the rows of the statements before it.
   *
   * @returns undefined if another mutation must follow, for which `executePlannedWrite` asks
   */
  onStopped?(error: WriteStoppedError): ProblemError | undefined;
  /**
   * The problem of a value that PostgreSQL rejected.
   *
   * @param error its `statement` is an index in `statements`, or their number for the outcome
   * @param quotas those that the statements ran with
   * @returns undefined if the rejection is an error of the server
   */
  onConstraintViolation(error: RefusedValueError, quotas: Quotas): ProblemError | undefined;
}

/** A mutation whose `toResult` receives the rows in the type of its outcome. */
interface TypedMutation<Rows extends object[], Result> extends Omit<Mutation<Result>, 'outcome' | 'toResult'> {
  readonly outcome: BoundOutcomeStatement<Rows>;
  toResult(rows: Rows): Result;
}

export function defineMutation<Rows extends object[], Result>(mutation: TypedMutation<Rows, Result>): Mutation<Result> {
  return mutation as unknown as Mutation<Result>;
}
