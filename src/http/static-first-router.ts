/** The app's router: Hono's quickest, which alone cannot tell `/tasks/batch` from `/tasks/:id`. */
import type { Result, Router } from 'hono/router';
import { RegExpRouter } from 'hono/router/reg-exp-router';

/**
 * A path without parameters goes before all that have some, whichever was added first. So each of the two kinds can
 * have a `RegExpRouter` of its own, where Hono would fall back to a router that takes as long as a whole small request.
 */
export class StaticFirstRouter<Handler> implements Router<Handler> {
  readonly name = 'StaticFirstRouter';
  readonly #paths = new Set<string>();
  readonly #static = new RegExpRouter<Handler>();
  readonly #others = new RegExpRouter<Handler>();

  add(method: string, path: string, handler: Handler): void {
    const isPattern = /[*:]/.test(path);
    // What is for every path is for these too.
    if (!isPattern || path.endsWith('*')) this.#static.add(method, path, handler);
    if (isPattern) this.#others.add(method, path, handler);
    else this.#paths.add(path);
  }

  match(method: string, path: string): Result<Handler> {
    return (this.#paths.has(path) ? this.#static : this.#others).match(method, path);
  }
}
