/** Composition of middleware. It runs once per route at start, so a request only calls nested functions. */
import type { Middleware } from '../request-context.ts';

/** One middleware of several. The first one is the outermost: it sees a request first and its response last. */
export function compose(middleware: readonly Middleware[]): Middleware {
  return (route, handler) => middleware.reduceRight((next, wrap) => wrap(route, next), handler);
}
