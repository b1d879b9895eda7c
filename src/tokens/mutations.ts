/** The mutations of API tokens. */
import { ProblemError } from '../problems/problem.ts';
import type { ChangeSet } from '../resource/change.ts';
import { defineMutation, type Mutation } from '../resource/mutation.ts';
import { deleteToken, insertToken, maxTokensPerUser, type NewToken, quotaReason, type TokenRow } from './statements.ts';

export function createTokenMutation(changeSet: ChangeSet, token: NewToken): Mutation<TokenRow> {
  return defineMutation({
    changeSet,
    statements: [],
    outcome: insertToken(changeSet.ownerId, token),
    toResult: ([row]) => row,
    onStopped: ({ reason }) => (reason === quotaReason ? tooManyTokens() : undefined),
    onConstraintViolation: () => undefined,
  });
}

/** The result is the id of the token. */
export function deleteTokenMutation(changeSet: ChangeSet, id: string): Mutation<string> {
  return defineMutation({
    changeSet,
    statements: [],
    outcome: deleteToken(changeSet.ownerId, id),
    toResult([row]): string {
      if (!row) throw new ProblemError('token_not_found');
      return row.id;
    },
    onConstraintViolation: () => undefined,
  });
}

function tooManyTokens(): ProblemError {
  return new ProblemError('quota_exceeded', {
    detail: `The quota of ${maxTokensPerUser} API tokens per user is used up. Delete tokens that you no longer need, or that have expired.`,
  });
}
