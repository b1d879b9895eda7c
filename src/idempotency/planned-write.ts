/** Writes whose statements depend on rows that an earlier round trip has read. */
import { WriteStoppedError } from '../database/user-database.ts';
import type { RequestContext } from '../http/request-context.ts';
import { ProblemError } from '../problems/problem.ts';
import type { Mutation } from '../resource/mutation.ts';
import { executeWrite, type ToResponse, type WriteContext } from './execute-write.ts';

/** Another write of the user must have changed the same rows before each repetition. */
const maxAttempts = 5;

/**
 * Plans a mutation and runs it, in two round trips. If another write has changed the rows in between, it plans again.
 *
 * @param plan reads rows, and returns a mutation that calls `todo.stop_write` if they have changed
 * @throws ProblemError those of `executeWrite` and of the plan; overloaded if the rows change before each attempt
 */
export async function executePlannedWrite<Result>(
  writes: WriteContext,
  context: RequestContext,
  plan: () => Promise<Mutation<Result>>,
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
