/** Limits: per user after authentication, per address on what fails before it. */
import { headerOf, type PreHandler, type RequestContext } from '../http/request-context.ts';
import { ProblemError } from '../problems/problem.ts';
import type { ClientIp } from './client-ip.ts';
import { type Counter, type LimitPolicy, type MemoryCounter, type RateLimitResult, windowMs } from './fixed-window.ts';

export interface RateLimiter {
  /** Counts a request for its user. Throws a `ProblemError` rate_limited when there were too many. */
  readonly enforceRequestLimit: PreHandler;
  /**
   * Lets an address try to authenticate, and counts it where that fails with 401. Throws what `attempt` throws, and a
   * `ProblemError` rate_limited when there were too many failures.
   */
  throttleAuthFailures<Result>(context: RequestContext, attempt: () => Promise<Result>): Promise<Result>;
}

export interface RateLimiterOptions {
  /** Null where there is no limit. */
  readonly requests: Counter | null;
  readonly failures: MemoryCounter | null;
  readonly clientAddress: ClientIp;
}

export function createRateLimiter({ requests, failures, clientAddress }: RateLimiterOptions): RateLimiter {
  return {
    enforceRequestLimit(context) {
      const result = requests?.consume(context.get('principal').userId);
      if (result instanceof Promise) return result.then((taken) => recordResult(taken, context));
      if (result) recordResult(result, context);
    },

    async throttleAuthFailures(context, attempt) {
      if (!failures) return attempt();
      const address = addressOf(context);
      const result = failures.get(address);
      if (result.remaining <= 0) reject('failures', result, context);
      try {
        return await attempt();
      } catch (error) {
        if (error instanceof ProblemError && error.status === 401) {
          context.set('rateLimitHeaders', rateLimitHeaders('failures', failures.consume(address)));
        }
        throw error;
      }
    },
  };

  function addressOf(context: RequestContext): string {
    return clientAddress(context.env.incoming.socket.remoteAddress ?? '', headerOf(context, 'x-forwarded-for'));
  }
}

function recordResult(result: RateLimitResult, context: RequestContext): void {
  context.set('rateLimitHeaders', rateLimitHeaders('requests', result));
  if (result.remaining < 0) reject('requests', result, context);
}

function reject(policy: LimitPolicy, result: RateLimitResult, context: RequestContext): never {
  context.set('rateLimitHeaders', rateLimitHeaders(policy, result));
  throw new ProblemError('rate_limited', {
    reason: policy,
    detail:
      policy === 'requests'
        ? `There were more than ${result.quota} requests of yours in a minute.`
        : `There were ${result.quota} failed authentications from your address in a minute.`,
    headers: { 'Retry-After': String(result.resetSeconds) },
  });
}

/** The header fields of the IETF's draft-ietf-httpapi-ratelimit-headers. */
function rateLimitHeaders(policy: LimitPolicy, { quota, remaining, resetSeconds }: RateLimitResult): string[] {
  return [
    'RateLimit-Policy',
    `"${policy}";q=${quota};w=${windowMs / 1000}`,
    'RateLimit',
    `"${policy}";r=${Math.max(0, remaining)};t=${resetSeconds}`,
  ];
}
