/** Classification of database errors, and their translation to problems of the catalogue. */
import { ProblemError } from '../problems/problem.ts';
import { isCertificateError } from '../runtime/certificate-error.ts';
import { OverloadedError } from './pg/fair-queue.ts';

/** SQLSTATE codes (PostgreSQL manual, appendix "PostgreSQL Error Codes"). */
export const sqlState = {
  uniqueViolation: '23505',
  duplicateObject: '42710',
  insufficientPrivilege: '42501',
  invalidParameterValue: '22023',
  raiseException: 'P0001',
  /** Raised by the function `todo.stop_write`. */
  writeStopped: 'TD001',
} as const;

/**
 * serialization_failure and deadlock_detected: the transaction was rolled back, and may succeed if it is repeated at
 * once.
 */
const retryable = new Set(['40001', '40P01']);

/** query_canceled, after a statement timeout. */
const cancelled = '57014';

/** lock_not_available, after a `lock_timeout` of the role or the database. */
const lockNotAvailable = '55P03';

/** Messages of pg's errors about a lost or refused connection. These errors have no code. */
const connectionMessages =
  /^(Connection terminated|timeout expired|Client has encountered a connection error|Client was closed|The server does not support SSL)/;

const networkCode = /^(E(CONN|HOST|NET|PIPE|AI_|TIMEDOUT|NOTFOUND)|ERR_TLS|UND_ERR)/;

/** Message of pg's error if the server does not offer TLS. */
const noTls = 'The server does not support SSL connections';

export function isMissingTls(error: unknown): boolean {
  return error instanceof Error && error.message === noTls;
}

export function errorCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : undefined;
}

/** Whether a statement has ended a write by `todo.stop_write`, which is an outcome and no failure of the database. */
export function isWriteStopped(error: unknown): boolean {
  return errorCode(error) === sqlState.writeStopped;
}

export function isRetryable(error: unknown): boolean {
  return retryable.has(errorCode(error) ?? '');
}

/** pg's `query_timeout`: no answer arrived in time, and the state of the connection is unknown. */
export function isReadTimeout(error: unknown): boolean {
  return error instanceof Error && error.message === 'Query read timeout';
}

/** Whether the database is unreachable or temporarily out of service, as opposed to rejecting a statement. */
export function isUnavailable(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isUnavailable);
  const code = errorCode(error);
  // Classes 08 (connection exception), 53 (insufficient resources); 57P01 to 57P05 (shutdown, crash, start-up …).
  // With 25P03 and 25P04, PostgreSQL ends a connection whose transaction is idle or takes too long.
  if (code) return /^(08|53|57P|25P0[34])/.test(code) || networkCode.test(code) || isCertificateError(error);
  return error instanceof Error && connectionMessages.test(error.message);
}

/**
 * Whether an established connection was lost, so that a new connection may succeed. Its last statements may have been
 * committed. SQLSTATE: admin_shutdown, crash_shutdown, idle_session_timeout, connection_failure,
 * connection_does_not_exist.
 */
export function isLostConnection(error: unknown): boolean {
  const code = errorCode(error);
  if (code) return /^(57P0[125]|0800[36]|ECONNRESET|EPIPE)$/.test(code);
  return (
    error instanceof Error &&
    /^(Connection terminated(?! due to)|Client has encountered a connection error|Client was closed)/.test(
      error.message,
    )
  );
}

/** Whether a connection can be reused after an error: only after an error that PostgreSQL itself sent. */
export function leavesConnectionUsable(error: unknown): boolean {
  return errorCode(error) !== undefined && !isUnavailable(error);
}

/** Whether the cause of an error may end without a change by an operator. Start-up retries after such an error. */
export function isTransient(error: unknown): boolean {
  // Certificates and configuration do not change without an operator.
  if (isCertificateError(error) || isMissingTls(error)) return false;
  const isLate = isReadTimeout(error) || errorCode(error) === cancelled || error instanceof OverloadedError;
  return isLate || isUnavailable(error) || isRetryable(error);
}

/** The problem for a request that arrives before the schema is prepared and verified. */
export function notReady(): ProblemError {
  return new ProblemError('database_unavailable', { reason: 'not ready', headers: { 'Retry-After': '1' } });
}

/** The problem for a request of a user whose other requests fill the user's part of the queue. */
function tooManyInProgress(): ProblemError {
  return new ProblemError('rate_limited', {
    reason: 'concurrency',
    detail: 'You have too many requests in progress.',
    headers: { 'Retry-After': '1' },
  });
}

/** The problem that a client receives for a database error; an unexpected error is `internal_error`. */
export function databaseProblem(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  const code = errorCode(error);
  const options = { cause: error, reason: code ?? (error as Error).message };
  if (error instanceof OverloadedError) {
    if (error.isOwnExcess) return tooManyInProgress();
    return new ProblemError('overloaded', { ...options, headers: { 'Retry-After': '1' } });
  }
  if (isReadTimeout(error) || code === cancelled || code === lockNotAvailable) {
    return new ProblemError('timeout', { ...options, headers: { 'Retry-After': '1' } });
  }
  // An operator must act. 25006: read_only_sql_transaction, for example after a fail-over. Classes 28, 3D and 3F: the
  // login, database or schema is missing. 42P01: a table is missing.
  if (isUnavailable(error) || isRetryable(error) || /^(25006|28|3D|3F|42P01)/.test(code ?? '')) {
    return new ProblemError('database_unavailable', { ...options, headers: { 'Retry-After': '1' } });
  }
  return new ProblemError('internal_error', options);
}
