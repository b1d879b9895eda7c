/** Puts operations onto the router: the token first, then the input, then the work. */
import type { Scope } from '../../principal.ts';
import { readBody } from '../request/body.ts';
import { createRequestParser } from '../request/validate.ts';
import type { Handler, PreHandler } from '../request-context.ts';
import type { Operation } from '../route.ts';

/** Puts what answers the methods of a path onto the router, whose patterns have `:id` where OpenAPI has `{id}`. */
export type RegisterHandlers = (path: string, handles: Readonly<Record<string, Handler>>) => void;

/** @param preHandlersFor makes the guards of an operation that needs a token, in their order */
export function registerRoutes(
  mount: RegisterHandlers,
  operations: readonly Operation[],
  preHandlersFor: (need: Scope | 'any') => readonly PreHandler[],
): void {
  for (const [path, those] of byPath(operations)) {
    const handles = those.map(({ description, handler: handle }): [string, Handler] => {
      const readInput = createRequestParser(description);
      const preHandlers = description.token === 'none' ? [] : preHandlersFor(description.token);
      const withPreHandlers: Handler = async (context) => {
        for (const preHandler of preHandlers) {
          const passed = preHandler(context);
          // Each wait for what is there already costs as much as many a check.
          if (passed) await passed;
        }
        const { bodyTypes, bodyLimit, request } = description;
        const body = request.body ? await readBody(context, bodyTypes, bodyLimit) : undefined;
        return handle(readInput(context, body), context);
      };
      return [description.method.toUpperCase(), withPreHandlers];
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
