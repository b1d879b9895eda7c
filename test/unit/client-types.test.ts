/** The printer of the client's types: what each schema becomes, and the schemas that it rejects. */
import { expect, test } from 'vitest';
import { clientTypes, type DescribedApi } from '../../scripts/client-types.ts';

/** The module for an operation with this body and this response. */
function typesFor(body: object, response: object, schemas: object = {}): string {
  const operation = {
    operationId: 'writeThing',
    summary: 'Write a thing',
    parameters: [
      { name: 'id', in: 'path', required: true, schema: { type: 'string' } },
      { name: 'kind', in: 'query', required: false, schema: { type: 'array', items: { enum: ['a', 'b'] } } },
    ],
    requestBody: {
      content: { 'application/json': { schema: body }, 'application/merge-patch+json': { schema: body } },
    },
    responses: {
      200: { content: { 'application/json': { schema: response } } },
      201: { content: { 'application/json': { schema: response } } },
      404: { content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } } },
    },
  };
  const problem = { type: 'object', properties: { code: { enum: ['gone'] } }, required: ['code'] };
  return clientTypes({
    paths: { '/api/v1/things/{id}': { put: operation }, '/health': { get: operation } },
    components: { schemas: { Problem: problem, Unused: problem, ...schemas } },
  } as unknown as DescribedApi);
}

test('operations have their method, path, query, body and result', () => {
  const schemas = {
    Thing: { type: 'object', properties: { size: { type: ['integer', 'null'] } }, description: 'A thing.' },
  };
  expect(typesFor({ $ref: '#/components/schemas/Thing' }, { type: 'array', items: { type: 'string' } }, schemas)).toBe(
    `/** Types of the API. Written by \`npm run docs:generate\` from the OpenAPI document. */

export interface Problem {
  code: 'gone';
}

/** A thing. */
export interface Thing {
  size?: number | null;
}

/** The operations: their method, path, query parameters, body and result. */
export interface Operations {
  /** Write a thing. */
  writeThing: {
    method: 'PUT';
    path: \`/api/v1/things/\${string}\`;
    query: {
      kind?: 'a' | 'b' | readonly ('a' | 'b')[] | undefined;
    };
    body: Thing;
    result: string[];
  };
}
`,
  );
});

test('optional properties of closed objects, which are requests, may be undefined', () => {
  const properties = { due: { anyOf: [{ type: 'string' }, { type: 'null' }] } };
  const types = typesFor({ type: 'object', properties, additionalProperties: false }, { type: 'object', properties });
  expect(types).toContain('body: {\n      due?: string | null | undefined;\n    };');
  expect(types).toContain('result: {\n      due?: string | null;\n    };');
});

test.each([
  ['an unknown keyword', { type: 'string', contentEncoding: 'base64' }, 'contentEncoding'],
  ['an unknown type', { type: 'object', additionalProperties: true }, 'object'],
  ['a tuple', { type: 'array', prefixItems: [] }, 'prefixItems'],
])('%s is an error', (_, schema, part) => {
  expect(() => typesFor(schema, { type: 'string' })).toThrow(part);
});
