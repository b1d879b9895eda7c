/** Registration of operations on the router. A request passes its pre-handlers, its validation and its handler, in this order. */
import { readBody } from '../request/body.ts';
import { createRequestParser } from '../request/validate.ts';
import type { Handler, PreHandler } from '../request-context.ts';
import { readableResponse } from '../response/minimal.ts';
import { isScope, type Operation, type RouteDefinition } from '../route.ts';

/**
 * Registers the handlers of a path, by method. The path has the router's notation: `:id`, where OpenAPI has `{id}`.
 */
export type RegisterHandlers = (path: string, handlers: Readonly<Record<string, Handler>>) => void;

type PreHandlersFor = (route: RouteDefinition) => readonly PreHandler[];

/** @param preHandlersFor returns the pre-handlers of an operation that needs a token, in their order */
export function registerRoutes(
  register: RegisterHandlers,
  operations: readonly Operation[],
  preHandlersFor: PreHandlersFor,
): void {
  for (const [path, group] of groupByPath(operations)) {
    const handlers = group.map((operation) => [
      operation.route.method.toUpperCase(),
      createHandler(operation, preHandlersFor),
    ]);
    register(path.replaceAll(/\{(\w+)\}/g, ':$1'), Object.fromEntries(handlers));
  }
}

function createHandler({ route, handler }: Operation, preHandlersFor: PreHandlersFor): Handler {
  const { bodyLimit, bodyTypes, request, token } = route;
  const parseRequest = createRequestParser(route);
  const preHandlers = token === 'none' ? [] : preHandlersFor(route);
  return async (context) => {
    for (const preHandler of preHandlers) {
      const pending = preHandler(context);
      // An `await` of a synchronous result costs as much as most checks.
      if (pending) await pending;
    }
    const body = request.body ? await readBody(context, bodyTypes, bodyLimit) : undefined;
    const response = await handler(parseRequest(context, body), context);
    return isScope(token) ? readableResponse(context, token, response) : response;
  };
}

function groupByPath(operations: readonly Operation[]): Map<string, Operation[]> {
  const groups = new Map<string, Operation[]>();
  for (const operation of operations) {
    const { path } = operation.route;
    groups.set(path, [...(groups.get(path) ?? []), operation]);
  }
  return groups;
}
