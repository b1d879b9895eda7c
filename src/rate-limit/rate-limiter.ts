/** The rate limiter: requests per user, and failed authentications per address. */
import { headerOf, type PreHandler, type RequestContext } from '../http/request-context.ts';
import { ProblemError } from '../problems/problem.ts';
import type { ClientIp } from './client-ip.ts';
import type { Counter, MemoryCounter, RateLimitResult } from './fixed-window.ts';
import { rateLimited, rateLimitHeaders } from './headers.ts';

export interface RateLimiter {
  /** Counts a request of a user. Throws a `ProblemError` `rate_limited` above the limit. */
  readonly enforceRequestLimit: PreHandler;
  /**
   * Runs the verification of a token or a session and counts it for the address if it fails with 401. The verification
   * always runs, so the limit of an address does not reject its valid tokens.
   *
   * @throws what `attempt` throws. Above the limit, a `ProblemError` `rate_limited` replaces a 401.
   */
  throttleAuthFailures<Result>(context: RequestContext, attempt: () => Promise<Result>): Promise<Result>;
  /** The address of the client, which is the key of all limits per address. */
  addressOf(context: RequestContext): string;
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
      try {
        return await attempt();
      } catch (error) {
        if (!failures || !(error instanceof ProblemError && error.status === 401)) throw error;
        const result = failures.consume(addressOf(context));
        context.set('rateLimitHeaders', rateLimitHeaders('failures', result));
        if (result.remaining >= 0) throw error;
        const detail = `Your address has reached the limit of ${result.quota} failed authentications in a minute.`;
        throw rateLimited('failures', detail, result);
      }
    },

    addressOf,
  };

  function addressOf(context: RequestContext): string {
    return clientIp(context.env.peerAddress, headerOf(context, 'x-forwarded-for'));
  }
}

function applyResult(result: RateLimitResult, context: RequestContext): void {
  context.set('rateLimitHeaders', rateLimitHeaders('requests', result));
  if (result.remaining >= 0) return;
  throw rateLimited('requests', `You have sent more than ${result.quota} requests in a minute.`, result);
}
