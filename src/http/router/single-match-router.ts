/** Router of the app: it finds exactly one handler for a request. */
import type { Result, Router } from 'hono/router';
import { RegExpRouter } from 'hono/router/reg-exp-router';

/** Handlers for single methods, and handlers for all methods. */
class Routes<Handler> {
  readonly byMethod = new RegExpRouter<Handler>();
  readonly anyMethod = new RegExpRouter<Handler>();
}

/**
 * Paths without parameters have priority over paths with parameters. Handlers for one method have priority over handlers
 * for all methods. The order of registration is irrelevant.
 *
 * With one handler per request, Hono calls it directly instead of building a chain (`docs/performance.md`). Both kinds of
 * paths use Hono's fastest router, which alone cannot combine `/items/latest` with `/items/:id`.
 */
export class SingleMatchRouter<Handler> implements Router<Handler> {
  readonly name = 'SingleMatchRouter';
  readonly #paths = new Set<string>();
  readonly #static = new Routes<Handler>();
  readonly #patterns = new Routes<Handler>();

  add(method: string, path: string, handler: Handler): void {
    const isPattern = path.includes(':');
    const routes = isPattern ? this.#patterns : this.#static;
    (method === 'ALL' ? routes.anyMethod : routes.byMethod).add(method, path, handler);
    if (!isPattern) this.#paths.add(path);
  }

  match(method: string, path: string): Result<Handler> {
    const routes = this.#paths.has(path) ? this.#static : this.#patterns;
    const result = routes.byMethod.match(method, path);
    return result[0].length > 0 ? result : routes.anyMethod.match(method, path);
  }
}
