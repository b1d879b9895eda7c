/** Events become lines of the log and counts in the metrics. */
import type { ClaimMismatch } from '../problems/problem.ts';
import { type EmitEvent, type RequestEvent, type ServerEvent, securityEventOf } from './events.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';
import { createPseudonymizer } from './user-hash.ts';

/** @param metrics null where nobody asked for them */
export function createEventSink(log: Log, metrics: Metrics | null): EmitEvent {
  const userHash = createPseudonymizer();
  return (event) => {
    writeLine(log, event, userHash);
    metrics?.count(event);
  };
}

/** A readiness probe that is answered with 503 is no failure of the server: the probe asks whether it can serve. */
const readinessRoute = '/readyz';

/** What comes a thousand times a second is counted and not logged: the line of the request tells how it ended. */
function writeLine(log: Log, event: ServerEvent, userHash: (userId: string) => string): void {
  switch (event.type) {
    case 'request': {
      const level = event.status >= 500 && event.route !== readinessRoute ? 'error' : 'info';
      if (!log.isLevelEnabled(level)) return;
      if (level === 'info' && !event.problem && !event.reason) log.writeInfo(membersOfGood(event, userHash));
      else log[level](requestLine(event, userHash), 'request');
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
    case 'retry':
      log.debug({ event: event.type }, 'a transaction is tried again');
      return;
  }
}

/** Characters of a claim in the log. */
const mostLogged = 300;

/** The fields of a request's line, and what they mean. */
export const requestFields = {
  request_id: 'The `X-Request-Id` of the answer.',
  user_hash: 'Whose request it was, as a pseudonym; absent without a good token.',
  method: 'The method.',
  route: 'The pattern of the route, `/api/v1/tasks/:id` for one; `none` for a path that is not known.',
  status: 'The status of the answer; 499 if the connection was closed before the body ended or before the answer.',
  duration_ms: 'Milliseconds from the headers of the request to the answer.',
  code: 'The code of the problem, where the answer is one.',
  reason: 'Why, in fixed words or an error code: more than the client is told.',
  mismatch:
    'With a `reason` about `iss` or `aud`: the `claim`, what the well-signed token has in it (`received`), and what is `configured`.',
  event: 'The security event that it was, if any.',
  err: 'From status 500 up: kind, code and stack of the error behind, without its values.',
} as const;

type RequestLine = { readonly [Field in keyof typeof requestFields]?: unknown };

/** The members of a `requestLine` in which nothing is from outside, and so nothing to escape. */
function membersOfGood(event: RequestEvent, userHash: (userId: string) => string): string {
  const { requestId, userId, method, route = 'none', status, seconds = 0 } = event;
  const user = userId === undefined ? '' : `,"user_hash":"${userHash(userId)}"`;
  return `"request_id":"${requestId}"${user},"method":"${method}","route":"${route}","status":${status},"duration_ms":${toMs(seconds)},"msg":"request"`;
}

function requestLine(event: RequestEvent, userHash: (userId: string) => string): RequestLine {
  const security = securityEventOf(event);
  const { requestId, userId, method, route = 'none', status, seconds, problem, reason = problem?.reason } = event;
  return {
    request_id: requestId,
    ...(userId !== undefined && { user_hash: userHash(userId) }),
    ...(method !== undefined && { method }),
    route,
    status,
    ...(seconds !== undefined && { duration_ms: toMs(seconds) }),
    ...(problem && { code: problem.code }),
    ...(reason && { reason }),
    ...(problem?.mismatch && { mismatch: logged(problem.mismatch) }),
    ...(security && { event: security.name }),
    ...(status >= 500 && problem?.cause ? { err: problem.cause } : {}),
  };
}

/** Shortened, for an issuer may put anything into a claim. */
function logged({ claim, received, configured }: ClaimMismatch) {
  const text = JSON.stringify(received ?? null);
  return {
    claim,
    received: text.length <= mostLogged ? (received ?? null) : `${text.slice(0, mostLogged)}…`,
    configured,
  };
}

function toMs(seconds: number): number {
  return Math.round(seconds * 100_000) / 100;
}
