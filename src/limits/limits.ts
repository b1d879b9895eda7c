/** Limits: per user after authentication, per address on what fails before it. */
import type { MiddlewareHandler } from 'hono';
import type { Env, RequestContext } from '../http/context.ts';
import { ProblemError } from '../problems/problem.ts';
import type { ClientAddress } from './client-address.ts';
import type { Allowance, Counter, LimitPolicy, MemoryCounter } from './window.ts';

export interface Limits {
  /** Counts a request for its user. Throws a `ProblemError` rate_limited when there were too many. */
  readonly countRequest: MiddlewareHandler<Env>;
  /** Refuses addresses with too many failures, and counts the ones that this request adds. */
  readonly watchFailures: MiddlewareHandler<Env>;
}

export interface LimitsOptions {
  /** Null where there is no limit. */
  readonly requests: Counter | null;
  readonly failures: MemoryCounter | null;
  readonly clientAddress: ClientAddress;
}

export function createLimits({ requests, failures, clientAddress }: LimitsOptions): Limits {
  return {
    async countRequest(context, next) {
      if (!requests) return next();
      const allowance = await requests.take(context.get('principal').userId);
      context.set('allowance', ['requests', allowance]);
      if (allowance.remaining < 0) refuse('requests', allowance, context);
      await next();
    },

    async watchFailures(context, next) {
      if (!failures) return next();
      const address = addressOf(context);
      const allowance = failures.look(address);
      if (allowance.remaining <= 0) refuse('failures', allowance, context);
      await next();
      if (context.res.status === 401) context.set('allowance', ['failures', failures.take(address)]);
    },
  };

  function addressOf(context: RequestContext): string {
    return clientAddress(context.env.incoming.socket.remoteAddress ?? '', context.req.header('x-forwarded-for'));
  }
}

function refuse(policy: LimitPolicy, allowance: Allowance, context: RequestContext): never {
  context.set('allowance', [policy, allowance]);
  throw new ProblemError('rate_limited', {
    reason: policy,
    detail:
      policy === 'requests'
        ? `There were more than ${allowance.quota} requests of yours in a minute.`
        : `There were ${allowance.quota} failed authentications from your address in a minute.`,
    headers: { 'Retry-After': String(allowance.resetSeconds) },
  });
}
