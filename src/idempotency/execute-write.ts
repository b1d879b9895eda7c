/** The execution of mutations: in one transaction and one round trip, and once per idempotency key. */
import type { BoundStatement } from '../database/statement.ts';
import { type IfLost, RefusedValueError, type UserDatabase, WriteStoppedError } from '../database/user-database.ts';
import { pathOf } from '../http/base-path.ts';
import type { RequestContext } from '../http/request-context.ts';
import type { Principal } from '../principal.ts';
import { catalogue } from '../problems/catalogue.ts';
import { ProblemError, problemDocument } from '../problems/problem.ts';
import type { Mutation } from '../resource/mutation.ts';
import type { WriteOptions } from '../resource/write-settings.ts';
import { recorded } from '../resource/write-statement.ts';
import {
  assertSameRequest,
  beginWithKey,
  findOutcome,
  type IdempotentRequest,
  idempotentRequest,
  lockKey,
  requestInProgress,
  type StoredOutcome,
  saveResponse,
  storedTooMuch,
} from './keys.ts';
import { holdKey } from './keys-in-use.ts';
import { parseRows } from './recorded-rows.ts';
import type { StoredResponse } from './stored-response.ts';
import { takeTurn } from './turn.ts';

/** The database that writes change, and the configuration of writes. */
export interface WriteContext extends WriteOptions {
  readonly database: UserDatabase;
  /** Called when a write of the user has ended, for those who wait for the user's changes. */
  readonly onWriteEnd: (ownerId: string) => void;
}

/** Renders the result of a mutation. */
export type ToResponse<Result> = (result: Result, context: RequestContext) => StoredResponse;

/**
 * Runs a mutation as the user of the request and responds with its result.
 *
 * It takes one round trip. A request with an idempotency key takes another one if a write of the user is in progress, if
 * another server holds the key, or if a batch with the key fails.
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
  const write = { writes, context, mutation, toResponse };
  const { status, headers, body } = await (key === undefined ? executeOnce(write) : executeWithKey(write, key));
  return new Response(body, { status, headers });
}

/** A write and what renders its response. */
interface Write<Result> {
  readonly writes: WriteContext;
  readonly context: RequestContext;
  readonly mutation: Mutation<Result>;
  readonly toResponse: ToResponse<Result>;
}

async function executeOnce<Result>(write: Write<Result>): Promise<StoredResponse> {
  const { writes, context, mutation } = write;
  const rows = await outcomeRows(writes, context.get('principal'), mutation);
  return render(write, rows, mutation.changeSet.id);
}

/**
 * Runs a mutation that belongs to no request, as the user.
 *
 * @throws ProblemError the problems of the mutation and of the database
 */
export async function runMutation<Result>(
  writes: WriteContext,
  principal: Principal,
  mutation: Mutation<Result>,
): Promise<Result> {
  return mutation.toResult(await outcomeRows(writes, principal, mutation));
}

async function outcomeRows<Result>(
  writes: WriteContext,
  principal: Principal,
  mutation: Mutation<Result>,
): Promise<readonly object[]> {
  const begin = [takeTurn(mutation.changeSet, writes)];
  const statements: BoundStatement[] = [...begin, ...mutation.statements, mutation.outcome];
  const rows = await runWrite(writes, principal, mutation, statements, 'fail').catch(
    translateRejection(writes, mutation, begin.length),
  );
  return rows.at(-1) ?? [];
}

/**
 * Executes the write, unless the key is in use or has an outcome. If the user's other writes would make the request
 * wait, it looks up its key first, so that a replay and a 409 do not wait.
 */
async function executeWithKey<Result>(write: Write<Result>, key: string): Promise<StoredResponse> {
  const { context, mutation, writes } = write;
  const principal = context.get('principal');
  const request = idempotentRequest(key, context.req.method, pathOf(context), context.get('body'));
  const { ownerId } = mutation.changeSet;
  const held = holdKey(writes.database, ownerId, key);
  try {
    if (!held) return await replayOr409(write, request);
    if (writes.database.isWriting(principal)) {
      const lookUp = [lockKey(ownerId, key), findOutcome(ownerId, key)] as const;
      const rows = await writes.database.run(principal, lookUp, 'repeat').catch(stoppedAs('request_in_progress'));
      const stored = rows?.[1][0];
      if (rows === null) return await replayOr409(write, request);
      if (stored) return replay(write, stored, request);
    }
    return await executeFirst(write, request);
  } finally {
    held?.release();
  }
}

/** The response to a request whose key another request holds: of an earlier request, if it has one. */
async function replayOr409<Result>(write: Write<Result>, request: IdempotentRequest): Promise<StoredResponse> {
  const { context, mutation, writes } = write;
  const find = [findOutcome(mutation.changeSet.ownerId, request.key)] as const;
  const [[stored]] = await writes.database.run(context.get('principal'), find, 'repeat');
  if (!stored) throw requestInProgress();
  return replay(write, stored, request);
}

/**
 * Runs the mutation and stores the rows of its outcome in one transaction.
 *
 * After a lost connection, the transaction is repeated. If the first attempt was committed, the second one finds its
 * outcome and is a replay.
 */
async function executeFirst<Result>(write: Write<Result>, request: IdempotentRequest): Promise<StoredResponse> {
  const { context, mutation, writes } = write;
  const { ownerId, id: changeSet } = mutation.changeSet;
  const begin = beginWithKey(mutation.changeSet, request, writes);
  const requestId = context.get('requestId');
  const outcome = recorded(mutation.outcome, { ...request, requestId, changeSet });
  const statements = [...begin, ...mutation.statements, outcome] as const;
  try {
    const principal = context.get('principal');
    const rows = await runWrite(writes, principal, mutation, statements, 'repeat').catch(
      translateRejection(writes, mutation, begin.length),
    );
    const [{ body }] = rows.at(-1) as [{ body: string }];
    return outcomeResponse(write, () => render(write, parseRows(body), changeSet), requestId);
  } catch (error) {
    if (error instanceof WriteStoppedError) {
      const [stored] = error.rowsOf<StoredOutcome>(1);
      if (stored) return replay(write, stored, request);
      if (error.reason === 'request_in_progress') return replayOr409(write, request);
      if (error.statement >= begin.length) throw error;
      throw storedTooMuch(error.reason);
    }
    if (!isOutcome(error)) throw error;
    // The statement that failed has undone the transaction.
    const response = problemResponse(error, context, requestId);
    await writes.database.run(context.get('principal'), saveResponse(ownerId, request, response), 'repeat', 'write');
    return response;
  }
}

/**
 * Runs the transaction of the write. `onWriteEnd` is also called after an error, because a write whose connection was lost
 * may have been committed.
 */
async function runWrite<Result>(
  writes: WriteContext,
  principal: Principal,
  mutation: Mutation<Result>,
  statements: readonly BoundStatement[],
  ifLost: IfLost,
): Promise<object[][]> {
  try {
    return await writes.database.run(principal, statements, ifLost, 'write');
  } finally {
    writes.onWriteEnd(mutation.changeSet.ownerId);
  }
}

/** The response of the first request with the key. */
function replay<Result>(write: Write<Result>, stored: StoredOutcome, request: IdempotentRequest): StoredResponse {
  assertSameRequest(stored, request);
  const response = storedResponse(write, stored);
  return { ...response, headers: { ...response.headers, 'Idempotency-Replayed': 'true' } };
}

function storedResponse<Result>(write: Write<Result>, stored: StoredOutcome): StoredResponse {
  const { status, content_type, etag, location, body, request_id, change_set } = stored;
  if (status === null) {
    const rows = parseRows(body ?? '[]');
    return outcomeResponse(write, () => render(write, rows, change_set ?? ''), request_id ?? '');
  }
  const headers = {
    ...(content_type && { 'Content-Type': content_type }),
    ...(etag && { ETag: etag }),
    ...(location && { Location: location }),
  };
  return { status, headers, body };
}

/** The response to a write. It is the same for the first request and for its replays. */
function render<Result>(
  { context, mutation, toResponse }: Write<Result>,
  rows: readonly object[],
  changeSet: string,
): StoredResponse {
  const response = toResponse(mutation.toResult(rows), context);
  return { ...response, headers: { ...response.headers, 'Change-Set': changeSet } };
}

/** A response, or the problem that is the outcome of the write. */
function outcomeResponse<Result>(
  { context }: Write<Result>,
  rendered: () => StoredResponse,
  requestId: string,
): StoredResponse {
  try {
    return rendered();
  } catch (error) {
    if (!isOutcome(error)) throw error;
    return problemResponse(error, context, requestId);
  }
}

/** @param start the index of the mutation's first statement among the statements of the transaction */
function translateRejection<Result>(
  writes: WriteContext,
  mutation: Mutation<Result>,
  start: number,
): (error: unknown) => never {
  return (error) => {
    if (error instanceof RefusedValueError) {
      throw mutation.onConstraintViolation(error.after(start), writes.quotas) ?? error;
    }
    if (error instanceof WriteStoppedError && error.statement >= start) {
      throw mutation.onStopped?.(error.after(start)) ?? error;
    }
    throw error;
  };
}

/** Resolves to null if a statement stopped the write for this reason. */
function stoppedAs(reason: string): (error: unknown) => null {
  return (error) => {
    if (error instanceof WriteStoppedError && error.reason === reason) return null;
    throw error;
  };
}

function isOutcome(error: unknown): error is ProblemError {
  return error instanceof ProblemError && catalogue[error.code].isOutcome === true;
}

/** @param requestId the id of the first request, whose problem this is */
function problemResponse(problem: ProblemError, context: RequestContext, requestId: string): StoredResponse {
  context.set('problem', problem);
  const { basePath } = context.get('placement');
  const document = problemDocument(problem, pathOf(context), requestId, basePath);
  return {
    status: problem.status,
    headers: { ...problem.headers, 'Content-Type': 'application/problem+json' },
    body: JSON.stringify(document),
  };
}
