/** What went wrong at the database, in the terms of the problem catalogue. */
import { ProblemError } from '../problems/problem.ts';
import { OverloadedError } from './pg/semaphore.ts';

/** Codes of PostgreSQL's errors, appendix "PostgreSQL Error Codes" of its manual. */
export const sqlState = {
  uniqueViolation: '23505',
  duplicateObject: '42710',
  insufficientPrivilege: '42501',
  invalidParameterValue: '22023',
  raiseException: 'P0001',
} as const;

/** Nothing was committed, and the same statements may succeed at once: serialization_failure, deadlock_detected. */
const retryable = new Set(['40001', '40P01']);

/** query_canceled, by a timeout of the server's. */
const cancelled = '57014';

/** lock_not_available, by a `lock_timeout` that the role or the database has. */
const lockNotAvailable = '55P03';

/** pg's own errors have no code; these are the messages of those that mean a lost or refused connection. */
const connectionMessages =
  /^(Connection terminated|timeout exceeded when trying to connect|timeout expired|Client has encountered a connection error|Client was closed|Cannot use a pool after calling end|The server does not support SSL)/;

const networkCode = /^(E(CONN|HOST|NET|PIPE|AI_|TIMEDOUT|NOTFOUND)|ERR_TLS|UND_ERR)/;

/** Node's codes for a certificate that cannot be trusted, or is for another host (`tls`, "X509 certificate error codes"). */
const certificateCode =
  /^(CERT_|UNABLE_TO_|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT|ERROR_IN_CERT_|INVALID_(CA|PURPOSE)|PATH_LENGTH_EXCEEDED|HOSTNAME_MISMATCH|ERR_TLS_CERT_)/;

/** pg's error where the server does not offer TLS. */
const noTls = 'The server does not support SSL connections';

export function isCertificateError(error: unknown): boolean {
  return certificateCode.test(errorCode(error) ?? '');
}

export function isMissingTls(error: unknown): boolean {
  return error instanceof Error && error.message === noTls;
}

export function errorCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : undefined;
}

export function isRetryable(error: unknown): boolean {
  return retryable.has(errorCode(error) ?? '');
}

/** pg's `query_timeout`: no answer came in time, and what the connection is doing is not known. */
export function isReadTimeout(error: unknown): boolean {
  return error instanceof Error && error.message === 'Query read timeout';
}

/** Whether the database cannot be reached, or cannot serve at the moment, as opposed to refusing what it was asked. */
export function isUnavailable(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isUnavailable);
  const code = errorCode(error);
  // Classes 08 (connection exception), 53 (insufficient resources); 57P01 to 57P05 (shutdown, crash, starting up, …);
  // 25P03 and 25P04, by which PostgreSQL ends a connection whose transaction is idle or takes too long.
  if (code) return /^(08|53|57P|25P0[34])/.test(code) || networkCode.test(code) || certificateCode.test(code);
  return error instanceof Error && connectionMessages.test(error.message);
}

/**
 * Whether a connection was lost that was there before, so that another one may do. What was asked on it may have been
 * done: admin_shutdown, crash_shutdown, idle_session_timeout, connection_failure, connection_does_not_exist.
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

/** Whether the connection that an error came from may serve again: only after an error that PostgreSQL itself sent. */
export function leavesConnectionUsable(error: unknown): boolean {
  return errorCode(error) !== undefined && !isUnavailable(error);
}

/** Whether the same thing may go well in a while, where there is nobody to tell to come back. */
export function isWorthAnotherTry(error: unknown): boolean {
  // Certificates and configurations do not change by themselves.
  if (isCertificateError(error) || isMissingTls(error)) return false;
  const isLate = isReadTimeout(error) || errorCode(error) === cancelled || error instanceof OverloadedError;
  return isLate || isUnavailable(error) || isRetryable(error);
}

/** The problem of a request that comes before the schema is in place and guarded. */
export function notReady(): ProblemError {
  return new ProblemError('database_unavailable', { reason: 'not ready', headers: { 'Retry-After': '1' } });
}

/** The problem that a client gets to see for a database error; anything unforeseen is `internal_error`. */
export function databaseProblem(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  const code = errorCode(error);
  const options = { cause: error, reason: code ?? (error as Error).message };
  if (error instanceof OverloadedError) {
    return new ProblemError('overloaded', { ...options, headers: { 'Retry-After': '1' } });
  }
  if (isReadTimeout(error) || code === cancelled || code === lockNotAvailable) {
    return new ProblemError('timeout', { ...options, headers: { 'Retry-After': '1' } });
  }
  // 25006: read_only_sql_transaction, as after a fail-over; 28 and 3D: the login or the database is gone.
  if (isUnavailable(error) || isRetryable(error) || /^(25006|28|3D)/.test(code ?? '')) {
    return new ProblemError('database_unavailable', { ...options, headers: { 'Retry-After': '1' } });
  }
  return new ProblemError('internal_error', options);
}
