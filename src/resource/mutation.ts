/** Mutations: the statements of a write, and the meaning of their rows and errors. */
import type { RowsOf } from '../database/statement.ts';
import type { RefusedValueError } from '../database/user-database.ts';
import { ProblemError } from '../problems/problem.ts';
import type { Quotas } from '../quotas/quotas.ts';
import type { BoundMutationStatement } from './mutation-statement.ts';

/** A write of one resource, or of several in order. `executeWrite` of `src/idempotency/` runs it. */
export interface Mutation<Result> {
  readonly statements: readonly BoundMutationStatement[];
  /**
   * The result, from the rows of each statement.
   *
   * @throws ProblemError if the write was not done, for example version_mismatch
   */
  toResult(rows: readonly object[][]): Result;
  /**
   * The problem of a value that PostgreSQL rejected.
   *
   * @param statementIndex the index of the failed statement in `statements`
   * @param quotas those that the statements ran with
   * @returns undefined if the rejection is an error of the server
   */
  onConstraintViolation(error: RefusedValueError, statementIndex: number, quotas: Quotas): ProblemError | undefined;
  /** Whether `toResult` can throw after some statements have changed rows, which must then be rolled back. */
  readonly isComposed?: boolean;
}

/** A mutation whose `toResult` receives the rows in the types of its statements. */
interface TypedMutation<Statements extends readonly BoundMutationStatement[], Result> {
  readonly statements: Statements;
  toResult(rows: RowsOf<Statements>): Result;
  onConstraintViolation: Mutation<Result>['onConstraintViolation'];
}

export function defineMutation<const Statements extends readonly BoundMutationStatement[], Result>(
  mutation: TypedMutation<Statements, Result>,
): Mutation<Result> {
  return mutation;
}

/** Adds the index of the failed step to its problem. `first` is the result of the first mutation, if its rows are known. */
type ProblemOfStep<First> = (problem: ProblemError, index: number, first?: First) => ProblemError;

/**
 * One mutation of several, which run in order, all or none of them.
 *
 * @param first runs before the steps, for example to lock their rows
 */
export function composeMutations<First, Result>(
  first: Mutation<First>,
  steps: readonly Mutation<Result>[],
  problemOfStep: ProblemOfStep<First>,
): Mutation<Result[]> {
  const starts: number[] = [];
  let end = first.statements.length;
  for (const { statements } of steps) {
    starts.push(end);
    end += statements.length;
  }
  return {
    statements: [first, ...steps].flatMap(({ statements }) => statements),
    isComposed: true,
    toResult(rows) {
      const locked = first.toResult(rows.slice(0, first.statements.length));
      return steps.map((step, index) => {
        try {
          return step.toResult(rows.slice(starts[index], starts[index + 1]));
        } catch (error) {
          throw error instanceof ProblemError ? problemOfStep(error, index, locked) : error;
        }
      });
    },
    onConstraintViolation(error, statementIndex, quotas) {
      const index = starts.findLastIndex((start) => start <= statementIndex);
      const step = steps[index] ?? first;
      const problem = step.onConstraintViolation(error, statementIndex - (starts[index] ?? 0), quotas);
      return problem && index >= 0 ? problemOfStep(problem, index) : problem;
    },
  };
}
