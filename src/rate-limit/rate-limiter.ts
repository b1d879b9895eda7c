/** The rate limiter: requests per user, and failed authentications per address. */
import { headerOf, type PreHandler, type RequestContext } from '../http/request-context.ts';
import { ProblemError } from '../problems/problem.ts';
import type { ClientIp } from './client-ip.ts';
import { type Counter, type LimitPolicy, type MemoryCounter, type RateLimitResult, windowMs } from './fixed-window.ts';

export interface RateLimiter {
  /** Counts a request of a user. Throws a `ProblemError` `rate_limited` above the limit. */
  readonly enforceRequestLimit: PreHandler;
  /**
   * Runs an authentication attempt of an address and counts it if it fails with 401. Throws what `attempt` throws, or a
   * `ProblemError` `rate_limited` if the address has reached the limit.
   */
  throttleAuthFailures<Result>(context: RequestContext, attempt: () => Promise<Result>): Promise<Result>;
}

export interface RateLimiterOptions {
  /** Null without a limit. */
  readonly requests: Counter | null;
  readonly failures: MemoryCounter | null;
  readonly clientIp: ClientIp;
}

export function createRateLimiter({ requests, failures, clientIp }: RateLimiterOptions): RateLimiter {
  return {
    enforceRequestLimit(context) {
      const result = requests?.consume(context.get('principal').userId);
      if (result instanceof Promise) return result.then((resolved) => applyResult(resolved, context));
      if (result) applyResult(result, context);
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
    return clientIp(context.env.peerAddress, headerOf(context, 'x-forwarded-for'));
  }
}

function applyResult(result: RateLimitResult, context: RequestContext): void {
  context.set('rateLimitHeaders', rateLimitHeaders('requests', result));
  if (result.remaining < 0) reject('requests', result, context);
}

function reject(policy: LimitPolicy, result: RateLimitResult, context: RequestContext): never {
  context.set('rateLimitHeaders', rateLimitHeaders(policy, result));
  throw new ProblemError('rate_limited', {
    reason: policy,
    detail:
      policy === 'requests'
        ? `You have sent more than ${result.quota} requests in a minute.`
        : `Your address has reached the limit of ${result.quota} failed authentications in a minute.`,
    headers: { 'Retry-After': String(result.resetSeconds) },
  });
}

/** The header fields of draft-ietf-httpapi-ratelimit-headers. */
function rateLimitHeaders(policy: LimitPolicy, { quota, remaining, resetSeconds }: RateLimitResult): string[] {
  return [
    'RateLimit-Policy',
    `"${policy}";q=${quota};w=${windowMs / 1000}`,
    'RateLimit',
    `"${policy}";r=${Math.max(0, remaining)};t=${resetSeconds}`,
  ];
}
