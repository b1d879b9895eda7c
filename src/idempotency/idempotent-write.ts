/** Writes: statements, and the answer that is made of their rows; done once, however often the client repeats them. */
import type { BoundStatement, Row } from '../database/statement.ts';
import { type Decision, RefusedValueError, type UserDatabase } from '../database/user-database.ts';
import { pathOf } from '../http/base-path.ts';
import type { RequestContext } from '../http/request-context.ts';
import { ProblemError, problemDocument } from '../problems/problem.ts';
import { type AcquiredRows, acquireKey, idempotentRequest, replayedResponse, saveResponse } from './keys.ts';
import type { StoredResponse } from './stored-response.ts';
import { takeTurn } from './turn.ts';

export interface Write {
  readonly statements: readonly BoundStatement[];
  /** Makes the answer of the rows of each statement. Throws a `ProblemError` where the write was not done. */
  readonly toResponse: (rows: Row[][]) => StoredResponse;
  /** The problem of a value that PostgreSQL refused in one of the statements; undefined where it should not have. */
  readonly onConstraintViolation: (error: RefusedValueError, statement: number) => ProblemError | undefined;
  /** Whether some statements may have changed something though `answer` throws, so that it must be undone. */
  readonly isPartial?: boolean;
}

/**
 * Does a write, and answers it: in one round trip, or in two where it has an idempotency key or may have to be undone.
 *
 * @param key the request's `Idempotency-Key`
 * @throws ProblemError where it was not done, for the reasons that the write and its key have
 */
export async function executeWrite(
  database: UserDatabase,
  write: Write,
  key: string | undefined,
  context: RequestContext,
): Promise<Response> {
  if (key !== undefined) return respond(await executeIdempotentWrite(database, write, key, context));
  const principal = context.get('principal');
  const statements = [takeTurn(principal.userId), ...write.statements];
  const toResponse = ([, ...rows]: Row[][]) => write.toResponse(rows);
  const done = write.isPartial
    ? database.transact(principal, statements, (rows) => ({ finalStatements: [], value: toResponse(rows) }))
    : database.run(principal, statements).then(toResponse);
  return respond(await done.catch(translateConstraintViolation(write, 1)));
}

const [savepoint, undo] = ['savepoint write', 'rollback to savepoint write'].map(
  (text): BoundStatement => ({ statement: { name: text, text }, values: [] }),
) as [BoundStatement, BoundStatement];

/** The key's record commits with the change, or neither does. */
function executeIdempotentWrite(
  database: UserDatabase,
  write: Write,
  key: string,
  context: RequestContext,
): Promise<StoredResponse> {
  const principal = context.get('principal');
  const request = idempotentRequest(key, context.req.method, pathOf(context), context.get('body'));
  const { userId } = principal;
  const before = [...acquireKey(userId, request), takeTurn(userId), ...(write.isPartial ? [savepoint] : [])];
  const conclude = (rows: Row[][]): Decision<StoredResponse> => {
    const earlier = replayedResponse(rows as unknown as AcquiredRows, request);
    if (earlier) return { finalStatements: [], value: earlier };
    const { toResponse, isDone } = outcome(write, rows.slice(before.length), context);
    const isUndone = write.isPartial && !isDone;
    return {
      finalStatements: [...(isUndone ? [undo] : []), saveResponse(userId, request, toResponse)],
      value: toResponse,
    };
  };
  // What was done before the connection was lost is found under its key the second time.
  const statements = [...before, ...write.statements];
  const done = database.transact(principal, statements, conclude, 'repeat');
  return done.catch(translateConstraintViolation(write, before.length));
}

/** @param before how many statements came before those of the write */
function translateConstraintViolation(write: Write, before: number): (error: unknown) => never {
  return (error) => {
    throw (error instanceof RefusedValueError && write.onConstraintViolation(error, error.statement - before)) || error;
  };
}

/** The refusals that say how things are: as much an outcome as a success, and kept like one. */
const outcomes = [404, 409, 412];

function outcome(
  write: Write,
  rows: Row[][],
  context: RequestContext,
): { toResponse: StoredResponse; isDone: boolean } {
  try {
    return { toResponse: write.toResponse(rows), isDone: true };
  } catch (error) {
    if (!(error instanceof ProblemError && outcomes.includes(error.status))) throw error;
    context.set('problem', error);
    const body = JSON.stringify(
      problemDocument(error, pathOf(context), context.get('requestId'), context.get('placement').basePath),
    );
    const headers = { ...error.headers, 'Content-Type': 'application/problem+json' };
    return { toResponse: { status: error.status, headers, body }, isDone: false };
  }
}

function respond({ status, headers, body }: StoredResponse): Response {
  return new Response(body, { status, headers });
}
