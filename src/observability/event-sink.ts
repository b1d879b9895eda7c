/** The event sink: writes events to the log and counts them in the metrics. */
import type { ClaimMismatch } from '../problems/problem.ts';
import { type EmitEvent, type RequestEvent, type ServerEvent, securityEventOf } from './events.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';
import { pseudonymize } from './user-hash.ts';

/** @param metrics null if metrics are off */
export function createEventSink(log: Log, metrics: Metrics | null): EmitEvent {
  return (event) => {
    writeLine(log, event);
    metrics?.count(event);
  };
}

/** A 503 of the readiness probe is a valid answer to the probe and no server error. */
const readinessRoute = '/readyz';

/** Verifications and round trips are counted only: the line of the request reports how it ended. */
function writeLine(log: Log, event: ServerEvent): void {
  switch (event.type) {
    case 'request': {
      const level = isFailure(event) && event.route !== readinessRoute ? 'error' : 'info';
      if (log.isLevelEnabled(level)) log[level](requestLine(event), 'request');
      return;
    }
    case 'stream_ended': {
      const { requestId, userId, seconds, reason, problem } = event;
      const line = {
        event: event.type,
        request_id: requestId,
        user_hash: pseudonymize(userId),
        duration_ms: toMs(seconds),
        reason,
        ...(problem && { code: problem.code, err: problem.cause }),
      };
      log[problem ? 'warn' : 'info'](line, 'event stream ended');
      return;
    }
    case 'keys_fetched': {
      const { usable, unused } = event;
      if (unused.length > 0) log.warn({ event: 'keys_unused', usable, unused }, 'keys fetched');
      else log.info({ event: event.type, usable }, 'keys fetched');
      return;
    }
    case 'keys_fetch_failed':
      log.warn(
        { event: event.type, retry_in_ms: Math.round(event.retryInMs), err: event.error },
        'keys could not be fetched',
      );
      return;
    case 'connection_closed':
      log.debug({ event: event.type, reason: event.reason }, 'connection closed by a limit');
      return;
    case 'retry':
      log.debug({ event: event.type }, 'transaction is retried');
      return;
  }
}

/** Characters of a claim in the log. */
const maxLoggedCharacters = 300;

/** The fields of the log line of a request, and their meaning. */
export const requestFields = {
  request_id: 'The `X-Request-Id` of the response.',
  user_hash: 'The pseudonym of the user; absent without a valid token.',
  method: 'The method.',
  route: 'The pattern of the route, for example `/api/v1/tasks/:id`; `none` for an unknown path.',
  tool: 'The tool that a request to the MCP server calls.',
  status:
    'The status of the response; 499 if the client closed the connection before the body ended or before the response.',
  duration_ms: 'Milliseconds from the headers of the request to the response.',
  code: 'The code of the problem, if the response is a problem, or a result of the MCP server that contains one.',
  reason: 'The cause, as fixed text or an error code. It has more detail than the response.',
  mismatch:
    'With a `reason` about `iss` or `aud`: the `claim`, its value in the correctly signed token (`received`), and the value that is `configured`.',
  event: 'The security event, if the request caused one.',
  err: 'From status 500 up, also of a problem in a result of the MCP server: type, code and stack of the underlying error, without its values.',
} as const;

type RequestLine = { readonly [Field in keyof typeof requestFields]?: unknown };

/** An object literal without conditional spreads, because they are slower. pino omits undefined fields. */
function requestLine(event: RequestEvent): RequestLine {
  const { requestId, userId, method, route = 'none', tool, status, seconds, problem, reason = problem?.reason } = event;
  return {
    request_id: requestId,
    user_hash: userId === undefined ? undefined : pseudonymize(userId),
    method,
    route,
    tool,
    status,
    duration_ms: seconds === undefined ? undefined : toMs(seconds),
    code: problem?.code,
    reason,
    mismatch: problem?.mismatch && truncateMismatch(problem.mismatch),
    event: securityEventOf(event)?.name,
    err: isFailure(event) ? problem?.cause : undefined,
  };
}

/** A result of the MCP server has status 200, also with the problem of a failure. */
function isFailure({ status, problem }: RequestEvent): boolean {
  return status >= 500 || (problem !== undefined && problem.status >= 500);
}

/** Truncates the received value, because an issuer can put a value of any size into a claim. */
function truncateMismatch({ claim, received, configured }: ClaimMismatch) {
  const text = JSON.stringify(received ?? null);
  return {
    claim,
    received: text.length <= maxLoggedCharacters ? (received ?? null) : `${text.slice(0, maxLoggedCharacters)}…`,
    configured,
  };
}

function toMs(seconds: number): number {
  return Math.round(seconds * 100_000) / 100;
}
