/** The OpenAPI document. Every response in the suite is validated against it. */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { expect } from 'vitest';
import { describeApi } from '../../src/api.ts';
import { allFeatures, featuresOf, noFeatures } from '../../src/auth/better-auth/features.ts';
import type { Config } from '../../src/config/config.ts';

interface Response {
  readonly headers?: Record<string, { description?: string }>;
  readonly content?: Record<string, { readonly schema: object }>;
}

export interface DocumentedOperation {
  readonly operationId: string;
  readonly security: readonly object[];
  readonly 'x-scope'?: string;
  readonly parameters: readonly { name: string; in: string; required: boolean; schema: Record<string, unknown> }[];
  readonly requestBody?: { readonly content: Record<string, { readonly schema: { $ref?: string } }> };
  readonly responses: Readonly<Record<string, Response>>;
}

export interface OpenApiDocument {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, DocumentedOperation>>;
  readonly components: { readonly schemas: Record<string, object> };
}

/** The document of a server without the embedded issuer. */
export const document = describeApi({ issuer: null }) as OpenApiDocument;

/** The document of a server with the embedded issuer and all of its features. */
export const documentWithIssuer = describeApi({ issuer: allFeatures }) as OpenApiDocument;

/** The document of a server with the embedded issuer and none of its optional features. */
export const documentWithoutFeatures = describeApi({ issuer: noFeatures }) as OpenApiDocument;

/** The document of a server with this configuration. */
export function documentOf({ auth }: Config): OpenApiDocument {
  return auth.mode === 'embedded' ? (describeApi({ issuer: featuresOf(auth) }) as OpenApiDocument) : document;
}

/** Every operation of the API itself, with its method in upper case. */
export const documentedOperations = operationsOf(document);

/** Every operation of the embedded issuer. Better Auth implements them, so tests of this API's own rules skip them. */
export const issuerOperations = operationsOf(documentWithIssuer).filter(({ path }) => !(path in document.paths));

function operationsOf({ paths }: OpenApiDocument) {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
}

const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats.default(ajv);
ajv.addSchema(closed(documentWithIssuer), 'openapi');

/**
 * The document with closed response schemas. Clients ignore unknown fields, but the document must have each field of the
 * current responses.
 */
function closed(open: OpenApiDocument): object {
  return JSON.parse(JSON.stringify(open), (key, value) =>
    key === 'additionalProperties' && value === true ? false : value,
  );
}

const validators = new Map<string, ValidateFunction>();

/**
 * Fails the test unless the document allows this response to the request.
 *
 * @param served the document of the server
 */
export async function expectDocumented(
  method: string,
  url: string,
  response: globalThis.Response,
  served: OpenApiDocument,
): Promise<void> {
  const { pathname } = new URL(url);
  expect(response.headers.get('x-request-id'), 'X-Request-Id').toBeTruthy();
  expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  expect(response.headers.get('x-frame-options')).toBe('DENY');
  expect(response.headers.get('referrer-policy')).toBe('no-referrer');
  const body = await response.clone().text();
  if (response.status >= 400) expectProblem(response, body, method);

  const found = findOperation(method, pathname, served);
  // Unknown paths and some endpoints of the embedded issuer are not in the document.
  if (!found) return;
  const { path, operation } = found;
  const documented = operation.responses[response.status];
  expect(documented, `${method} ${path} answered ${response.status}, which the document does not know`).toBeDefined();
  if (method === 'HEAD' || !documented) return;
  for (const [name, { description = '' }] of Object.entries(documented.headers ?? {})) {
    // Rate limit headers are present only with limits, and some headers only on some pages or with some problems.
    if (description.startsWith('Absent ')) continue;
    const codes = /^With (.*?): /.exec(description)?.[1];
    if (codes && !codes.includes(`\`${JSON.parse(body).code}\``)) continue;
    if (!name.startsWith('RateLimit')) expect(response.headers.has(name), `header ${name}`).toBe(true);
  }
  const contents = Object.entries(documented.content ?? {});
  if (contents.length === 0) {
    expect(body).toBe('');
    return;
  }
  // The response to a write with a token that must not read.
  if (response.headers.get('preference-applied') === 'return=minimal') {
    expect([response.status, body]).toEqual([200, '']);
    return;
  }
  const type = response.headers.get('content-type')?.split(';')[0] ?? '';
  expect(contents.map(([name]) => name)).toContain(type);
  if (/[/+]json$/.test(type)) {
    const pointer = ['paths', path, methodOf(method), 'responses', response.status, 'content', type, 'schema'];
    expectValid(pointer, JSON.parse(body));
  }
}

function expectProblem(response: globalThis.Response, body: string, method: string): void {
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  if (method === 'HEAD') return;
  const problem = JSON.parse(body);
  expectValid(['components', 'schemas', 'Problem'], problem);
  expect(problem.status).toBe(response.status);
  // A replayed problem is identical to the problem of the original request.
  if (!response.headers.has('idempotency-replayed')) {
    expect(problem.request_id).toBe(response.headers.get('x-request-id'));
  }
  if (problem.errors === undefined) expect(problem.status).not.toBe(422);
}

function expectValid(pointer: readonly (string | number)[], value: unknown): void {
  const reference = pointer
    .map((part) => encodeURIComponent(String(part).replaceAll('~', '~0').replaceAll('/', '~1')))
    .join('/');
  const validate = validators.get(reference) ?? ajv.compile({ $ref: `openapi#/${reference}` });
  validators.set(reference, validate);
  const valid = validate(value);
  expect(valid, `${ajv.errorsText(validate.errors)} in ${JSON.stringify(value)}`).toBe(true);
}

/** HEAD is handled as GET. */
function methodOf(method: string): string {
  return method === 'HEAD' ? 'get' : method.toLowerCase();
}

/** The patterns of the paths of each document. A static path comes before one with parameters. */
const patterns = new WeakMap<OpenApiDocument, readonly (readonly [string, RegExp])[]>();

function patternsOf(served: OpenApiDocument): readonly (readonly [string, RegExp])[] {
  const known =
    patterns.get(served) ??
    Object.keys(served.paths)
      .sort((one, other) => Number(one.includes('{')) - Number(other.includes('{')))
      .map((path) => [path, new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`)] as const);
  patterns.set(served, known);
  return known;
}

function findOperation(method: string, pathname: string, served: OpenApiDocument) {
  const [path] = patternsOf(served).find(([, pattern]) => pattern.test(pathname)) ?? [];
  const operation = path && served.paths[path]?.[methodOf(method)];
  return path && operation ? { path, operation } : undefined;
}
