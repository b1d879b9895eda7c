/** A bound on the requests under way, so that a flood of them costs a bounded amount of memory. */
import { ProblemError } from '../../problems/problem.ts';
import type { Handler, Route } from '../request-context.ts';

/**
 * Far more than the database is let work for (`bounded-pool.ts`): it is for what waits elsewhere, for the keys of an
 * issuer or for the rest of a body. Above the 2,000 slow clients that must not keep others from being served.
 */
export const maxInFlight = 5_000;

/** Health checks need an answer when the server is overloaded, too. */
const healthRoutes: ReadonlySet<Route> = new Set(['/livez', '/readyz', '/health']);

/** One bound for all that is wrapped by what it gives. */
export function limitConcurrency(max = maxInFlight): (route: Route, handle: Handler) => Handler {
  let inFlight = 0;
  return (route, handle) => async (context) => {
    if (inFlight >= max && !healthRoutes.has(route)) {
      throw new ProblemError('overloaded', {
        reason: `${max} requests are under way`,
        headers: { 'Retry-After': '1' },
      });
    }
    inFlight += 1;
    try {
      return await handle(context);
    } finally {
      inFlight -= 1;
    }
  };
}
