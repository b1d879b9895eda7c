/** Puts operations onto the router: the token first, then the input, then the work. */
import type { Scope } from '../../principal.ts';
import { readBody } from '../request/body.ts';
import { inputReader } from '../request/validate.ts';
import type { Guard, Handle } from '../request-context.ts';
import type { Operation } from '../route.ts';

/** Puts what answers the methods of a path onto the router, whose patterns have `:id` where OpenAPI has `{id}`. */
export type Mount = (path: string, handles: Readonly<Record<string, Handle>>) => void;

/** @param protect makes the guards of an operation that needs a token, in their order */
export function mountOperations(
  mount: Mount,
  operations: readonly Operation[],
  protect: (need: Scope | 'any') => readonly Guard[],
): void {
  for (const [path, those] of byPath(operations)) {
    const handles = those.map(({ description, handle }): [string, Handle] => {
      const readInput = inputReader(description);
      const guards = description.token === 'none' ? [] : protect(description.token);
      const guarded: Handle = async (context) => {
        for (const guard of guards) {
          const passed = guard(context);
          // Each wait for what is there already costs as much as many a check.
          if (passed) await passed;
        }
        const { bodyTypes, bodyLimit, request } = description;
        const body = request.body ? await readBody(context, bodyTypes, bodyLimit) : undefined;
        return handle(readInput(context, body), context);
      };
      return [description.method.toUpperCase(), guarded];
    });
    mount(path.replaceAll(/\{(\w+)\}/g, ':$1'), Object.fromEntries(handles));
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
