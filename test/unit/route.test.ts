/** Attachment of handlers to the static list of routes. */
import { expect, test } from 'vitest';
import { attachHandlers, defineRoute, implement } from '../../src/http/route.ts';

const routeOf = (id: string) =>
  defineRoute({
    id,
    method: 'get',
    path: `/${id}`,
    tag: 'Test',
    summary: id,
    token: 'none',
    request: {},
    responses: {},
    problems: [],
  });
const [first, second] = [routeOf('first'), routeOf('second')];
const operationOf = (route: typeof first) => implement(route, () => new Response(route.id));

test('operations have the order of the routes', () => {
  const operations = attachHandlers([first, second], [operationOf(second), operationOf(first)]);
  expect(operations.map(({ route }) => route.id)).toEqual(['first', 'second']);
});

test('a route without a handler is an error', () => {
  expect(() => attachHandlers([first, second], [operationOf(first)])).toThrow('the route second has no handler');
});

test('a handler whose route is not in the list is an error', () => {
  expect(() => attachHandlers([first], [operationOf(first), operationOf(second)])).toThrow(
    'the route second is not in the list of routes',
  );
});
