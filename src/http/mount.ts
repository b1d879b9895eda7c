/** Puts operations onto the router: the token first, then the input, then the work. */
import type { Hono, MiddlewareHandler } from 'hono';
import type { Scope } from '../auth/principal.ts';
import type { Env } from './context.ts';
import { methodNotAllowed } from './method-not-allowed.ts';
import type { Operation } from './operation.ts';
import { readInput } from './read-input.ts';

/** @param protect makes the checks that stand before an operation which needs a token */
export function mountOperations(
  app: Hono<Env>,
  operations: readonly Operation[],
  protect: (need: Scope | 'any') => readonly MiddlewareHandler<Env>[],
): void {
  for (const [path, those] of byPath(operations)) {
    // OpenAPI writes {id} where the router has :id.
    const route = path.replaceAll(/\{(\w+)\}/g, ':$1');
    for (const { description, handle } of those) {
      const checks = description.token === 'none' ? [] : protect(description.token);
      app.on([description.method.toUpperCase()], [route], ...checks, async (context) =>
        handle(await readInput(description, context), context),
      );
    }
    app.all(route, methodNotAllowed(those.map(({ description }) => description.method)));
  }
}

function byPath(operations: readonly Operation[]): Map<string, Operation[]> {
  const paths = new Map<string, Operation[]>();
  for (const operation of operations) {
    const { path } = operation.description;
    paths.set(path, [...(paths.get(path) ?? []), operation]);
  }
  return paths;
}
