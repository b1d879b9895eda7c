/** The execution of mutations: in one transaction, and once per idempotency key. */
import type { BoundStatement } from '../database/statement.ts';
import { RefusedValueError, type UserDatabase } from '../database/user-database.ts';
import { pathOf } from '../http/base-path.ts';
import type { RequestContext } from '../http/request-context.ts';
import { catalogue } from '../problems/catalogue.ts';
import { ProblemError, problemDocument } from '../problems/problem.ts';
import type { Quotas } from '../quotas/quotas.ts';
import type { Mutation } from '../resource/mutation.ts';
import {
  acquireKey,
  type IdempotentRequest,
  idempotentRequest,
  replayedResponse,
  requireRoom,
  saveResponse,
} from './keys.ts';
import { holdKey } from './keys-in-use.ts';
import type { StoredResponse } from './stored-response.ts';
import { takeTurn } from './turn.ts';

/** The database that writes change, and the quotas that they must not exceed. */
export interface WriteContext {
  readonly database: UserDatabase;
  readonly quotas: Quotas;
}

/**
 * Renders the result of a mutation.
 *
 * @throws ProblemError if the response of a composed mutation is too large; the mutation is then rolled back
 */
export type ToResponse<Result> = (result: Result, context: RequestContext) => StoredResponse;

/**
 * Runs a mutation as the user of the request and responds with its result.
 *
 * It takes one round trip, or two if the request has an idempotency key or if the mutation is composed of several. A
 * request with a key takes a third one if another write of the user is in progress.
 *
 * @param key the request's `Idempotency-Key`
 * @throws ProblemError the problems of the mutation, of the key and of the database
 */
export async function executeWrite<Result>(
  writes: WriteContext,
  context: RequestContext,
  mutation: Mutation<Result>,
  key: string | undefined,
  toResponse: ToResponse<Result>,
): Promise<Response> {
  const { status, headers, body } =
    key === undefined
      ? await executeMutation(writes, context, mutation, toResponse)
      : await executeIdempotentWrite(writes, context, mutation, key, toResponse);
  return new Response(body, { status, headers });
}

function executeMutation<Result>(
  { database, quotas }: WriteContext,
  context: RequestContext,
  mutation: Mutation<Result>,
  toResponse: ToResponse<Result>,
): Promise<StoredResponse> {
  const principal = context.get('principal');
  const statements: BoundStatement[] = [takeTurn(principal.userId, quotas), ...mutation.statements];
  const respond = ([, ...rows]: readonly object[][]) => toResponse(mutation.toResult(rows), context);
  const response = mutation.isComposed
    ? database.transact(principal, statements, (rows) => ({ end: 'commit', finalStatements: [], value: respond(rows) }))
    : database.run(principal, statements, 'fail', 'write').then(respond);
  return response.catch(translateConstraintViolation(mutation, 1, quotas));
}

const savepoint = command('savepoint write');
const rollbackToSavepoint = command('rollback to savepoint write');

function command(text: string): BoundStatement<[]> {
  return { statement: { name: text, text }, values: [] };
}

/**
 * Executes the write, unless the key is in use or has a response. If the user's other writes would make the request
 * wait, it looks up its key first, so that a replay and a 409 do not wait.
 */
async function executeIdempotentWrite<Result>(
  writes: WriteContext,
  context: RequestContext,
  mutation: Mutation<Result>,
  key: string,
  toResponse: ToResponse<Result>,
): Promise<StoredResponse> {
  const principal = context.get('principal');
  const request = idempotentRequest(key, context.req.method, pathOf(context), context.get('body'));
  const { database } = writes;
  const held = holdKey(database, principal.userId, key);
  try {
    if (!held || database.isWriting(principal)) {
      const lookUp = acquireKey(principal.userId, request, held === null);
      const [locked, found] = await database.run(principal, lookUp, 'repeat');
      const replayed = replayedResponse(locked, found, request);
      if (replayed) return replayed;
    }
    return await writeOnce(writes, context, mutation, request, toResponse);
  } finally {
    held?.release();
  }
}

/**
 * Runs the mutation and stores its response in one transaction. A replay rolls back, and returns the stored response.
 *
 * After a lost connection, the transaction is repeated. If the first attempt was committed, the second one finds its
 * response and is a replay.
 */
function writeOnce<Result>(
  { database, quotas }: WriteContext,
  context: RequestContext,
  mutation: Mutation<Result>,
  request: IdempotentRequest,
  toResponse: ToResponse<Result>,
): Promise<StoredResponse> {
  const principal = context.get('principal');
  const acquisition = acquireKey(principal.userId, request);
  const preparation = [takeTurn(principal.userId, quotas), ...(mutation.isComposed ? [savepoint] : [])];
  const mutationStart = acquisition.length + preparation.length;
  return database
    .transact(
      principal,
      [...acquisition, ...preparation, ...mutation.statements],
      ([locked, found, ...rest]) => {
        const replayed = replayedResponse(locked, found, request);
        if (replayed) return { end: 'rollback', value: replayed };
        const { response, isDone } = responseOf(rest.slice(preparation.length));
        requireRoom(found, response);
        return {
          end: 'commit',
          finalStatements: [
            ...(mutation.isComposed && !isDone ? [rollbackToSavepoint] : []),
            saveResponse(principal.userId, request, response),
          ],
          value: response,
        };
      },
      'repeat',
    )
    .catch(translateConstraintViolation(mutation, mutationStart, quotas));

  /** The response to store. `isDone` is false if it is a problem, and the changes must be rolled back. */
  function responseOf(rows: readonly object[][]): { response: StoredResponse; isDone: boolean } {
    try {
      return { response: toResponse(mutation.toResult(rows), context), isDone: true };
    } catch (error) {
      if (!isOutcome(error)) throw error;
      return { response: problemToStore(error, context), isDone: false };
    }
  }
}

/** @param start the index of the mutation's first statement among the statements of the transaction */
function translateConstraintViolation(
  mutation: Mutation<unknown>,
  start: number,
  quotas: Quotas,
): (error: unknown) => never {
  return (error) => {
    const isRejected = error instanceof RefusedValueError;
    throw (isRejected && mutation.onConstraintViolation(error, error.statement - start, quotas)) || error;
  };
}

function isOutcome(error: unknown): error is ProblemError {
  return error instanceof ProblemError && catalogue[error.code].isOutcome === true;
}

function problemToStore(problem: ProblemError, context: RequestContext): StoredResponse {
  context.set('problem', problem);
  const { basePath } = context.get('placement');
  const document = problemDocument(problem, pathOf(context), context.get('requestId'), basePath);
  return {
    status: problem.status,
    headers: { ...problem.headers, 'Content-Type': 'application/problem+json' },
    body: JSON.stringify(document),
  };
}
