/** Limits: per user after authentication, per address on what fails before it. */
import { type Guard, headerOf, type RequestContext } from '../http/request-context.ts';
import { ProblemError } from '../problems/problem.ts';
import type { ClientAddress } from './client-ip.ts';
import { type Allowance, type Counter, type LimitPolicy, type MemoryCounter, windowMs } from './fixed-window.ts';

export interface Limits {
  /** Counts a request for its user. Throws a `ProblemError` rate_limited when there were too many. */
  readonly countRequest: Guard;
  /**
   * Lets an address try to authenticate, and counts it where that fails with 401. Throws what `attempt` throws, and a
   * `ProblemError` rate_limited when there were too many failures.
   */
  watchFailures<Result>(context: RequestContext, attempt: () => Promise<Result>): Promise<Result>;
}

export interface LimitsOptions {
  /** Null where there is no limit. */
  readonly requests: Counter | null;
  readonly failures: MemoryCounter | null;
  readonly clientAddress: ClientAddress;
}

export function createLimits({ requests, failures, clientAddress }: LimitsOptions): Limits {
  return {
    countRequest(context) {
      const allowance = requests?.take(context.get('principal').userId);
      if (allowance instanceof Promise) return allowance.then((taken) => grant(taken, context));
      if (allowance) grant(allowance, context);
    },

    async watchFailures(context, attempt) {
      if (!failures) return attempt();
      const address = addressOf(context);
      const allowance = failures.look(address);
      if (allowance.remaining <= 0) refuse('failures', allowance, context);
      try {
        return await attempt();
      } catch (error) {
        if (error instanceof ProblemError && error.status === 401) {
          context.set('rateLimitHeaders', rateLimitHeaders('failures', failures.take(address)));
        }
        throw error;
      }
    },
  };

  function addressOf(context: RequestContext): string {
    return clientAddress(context.env.incoming.socket.remoteAddress ?? '', headerOf(context, 'x-forwarded-for'));
  }
}

function grant(allowance: Allowance, context: RequestContext): void {
  context.set('rateLimitHeaders', rateLimitHeaders('requests', allowance));
  if (allowance.remaining < 0) refuse('requests', allowance, context);
}

function refuse(policy: LimitPolicy, allowance: Allowance, context: RequestContext): never {
  context.set('rateLimitHeaders', rateLimitHeaders(policy, allowance));
  throw new ProblemError('rate_limited', {
    reason: policy,
    detail:
      policy === 'requests'
        ? `There were more than ${allowance.quota} requests of yours in a minute.`
        : `There were ${allowance.quota} failed authentications from your address in a minute.`,
    headers: { 'Retry-After': String(allowance.resetSeconds) },
  });
}

/** The header fields of the IETF's draft-ietf-httpapi-ratelimit-headers. */
function rateLimitHeaders(policy: LimitPolicy, { quota, remaining, resetSeconds }: Allowance): string[] {
  return [
    'RateLimit-Policy',
    `"${policy}";q=${quota};w=${windowMs / 1000}`,
    'RateLimit',
    `"${policy}";r=${Math.max(0, remaining)};t=${resetSeconds}`,
  ];
}
