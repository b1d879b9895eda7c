/** Writes whose statements can depend on rows that an earlier round trip has read. */
import { WriteStoppedError } from '../database/user-database.ts';
import type { RequestContext } from '../http/request-context.ts';
import { ProblemError } from '../problems/problem.ts';
import type { Mutation } from '../resource/mutation.ts';
import { executeWrite, type ToResponse, type WriteContext } from './execute-write.ts';

/** Another write of the user must have changed the same rows before each repetition. */
const maxAttempts = 5;

/**
 * Plans a mutation and runs it. If a statement stops it, because it needs rows or another write has changed them, it plans
 * again. That is two round trips if the rows do not change in between.
 *
 * @param plan returns a mutation that calls `todo.stop_write` if the rows that the plan knows are missing or have changed
 * @throws ProblemError those of `executeWrite` and of the plan; overloaded if the rows change before each attempt
 */
export async function executePlannedWrite<Result>(
  writes: WriteContext,
  context: RequestContext,
  plan: () => Mutation<Result> | Promise<Mutation<Result>>,
  key: string | undefined,
  toResponse: ToResponse<Result>,
): Promise<Response> {
  for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
    try {
      return await executeWrite(writes, context, await plan(), key, toResponse);
    } catch (error) {
      if (!(error instanceof WriteStoppedError)) throw error;
    }
  }
  throw new ProblemError('overloaded', { headers: { 'Retry-After': '1' } });
}
