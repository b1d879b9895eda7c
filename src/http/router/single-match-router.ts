/** The app's router: the one handler that answers a request. */
import type { Result, Router } from 'hono/router';
import { RegExpRouter } from 'hono/router/reg-exp-router';

/** Handlers of one method each, and those of all methods. */
class Routes<Handler> {
  readonly ofMethods = new RegExpRouter<Handler>();
  readonly ofAll = new RegExpRouter<Handler>();
}

/**
 * A path without parameters goes before all that have some, and a handler of one method before those of all methods,
 * whichever was added first.
 *
 * So Hono finds one handler and calls it, where it would make a chain for several (`docs/performance.md`); and both kinds
 * of paths can have its quickest router, which alone cannot tell `/tasks/batch` from `/tasks/:id`.
 */
export class SingleMatchRouter<Handler> implements Router<Handler> {
  readonly name = 'SingleMatchRouter';
  readonly #paths = new Set<string>();
  readonly #static = new Routes<Handler>();
  readonly #patterns = new Routes<Handler>();

  add(method: string, path: string, handler: Handler): void {
    const isPattern = path.includes(':');
    const routes = isPattern ? this.#patterns : this.#static;
    (method === 'ALL' ? routes.ofAll : routes.ofMethods).add(method, path, handler);
    if (!isPattern) this.#paths.add(path);
  }

  match(method: string, path: string): Result<Handler> {
    const routes = this.#paths.has(path) ? this.#static : this.#patterns;
    const result = routes.ofMethods.match(method, path);
    return result[0].length > 0 ? result : routes.ofAll.match(method, path);
  }
}
