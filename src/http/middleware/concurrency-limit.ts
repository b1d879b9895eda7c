/** Limit on concurrent requests, so that a flood of requests uses a bounded amount of memory. */
import { ProblemError } from '../../problems/problem.ts';
import type { Middleware, Route } from '../request-context.ts';

/**
 * Far above the limits of the database's pool. It bounds requests that wait for something else, for example for the keys
 * of an issuer, for the rest of a body, or for a client that reads its response. It is higher than 2,000, the number of
 * slow clients that the server must tolerate.
 */
export const maxInFlight = 5_000;

export interface ConcurrencyLimitOptions {
  /** Routes that are served above the limit, too, such as health checks. */
  readonly exempt: readonly Route[];
  /** Routes whose responses are endless. Their requests are in progress until the response begins. */
  readonly endless: readonly Route[];
  readonly max?: number;
}

/**
 * Creates a middleware with one limit for all of its routes. A request is in progress until its response is closed.
 *
 * @throws ProblemError overloaded, from the handler, for requests above the limit
 */
export function limitConcurrency({ exempt, endless, max = maxInFlight }: ConcurrencyLimitOptions): Middleware {
  let inFlight = 0;
  return (route, next) => {
    const isExempt = exempt.includes(route);
    const isEndless = endless.includes(route);
    return (context) => {
      if (inFlight >= max && !isExempt) {
        throw new ProblemError('overloaded', {
          reason: `${max} requests are in progress`,
          headers: { 'Retry-After': '1' },
        });
      }
      inFlight += 1;
      const end = () => {
        inFlight -= 1;
      };
      if (isEndless) return Promise.resolve(context).then(next).finally(end);
      context.env.onResponseClosed(end);
      return next(context);
    };
  };
}
