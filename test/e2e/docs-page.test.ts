/** The documentation page of the built server, without internet access, and its OpenAPI document. */
import { execFileSync } from 'node:child_process';
import { Validator } from '@seriousme/openapi-schema-validator';
import { beforeAll, describe, expect, test } from 'vitest';
import { testSecret } from '../support/databases.ts';
import { command, serveReady } from './built-command.ts';

const environment = { AUTH_MODE: 'shared-secret', BETTER_AUTH_SECRET: testSecret };
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

test('the page loads only resources of the server', async () => {
  const { url } = await serveReady(environment);
  const page = await fetch(`${url}/docs`);
  expect(page.headers.get('content-type')).toMatch(/^text\/html/);
  expect(page.headers.get('content-security-policy')).toBe(policy);
  const html = await page.text();
  const loaded = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, target]) => target as string);
  expect(loaded.filter((target) => !/^(\/docs\/|data:)/.test(target))).toEqual([]);
  // The content security policy does not allow it.
  expect(html).not.toMatch(/<script(?![^>]*src=)|\son\w+=/);

  const assets = loaded.filter((target) => target.startsWith('/'));
  expect(assets.length).toBeGreaterThanOrEqual(3);
  for (const asset of assets) {
    const response = await fetch(`${url}${asset}`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(asset.includes('.css') ? /^text\/css/ : /^text\/javascript/);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect((await response.text()).length).toBeGreaterThan(50);
  }
  // Swagger UI would store tokens in the browser.
  expect(await (await fetch(`${url}/docs/start.js`)).text()).not.toContain('persistAuthorization');
  expect((await fetch(`${url}/docs/start.js`, { method: 'POST' })).status).toBe(405);
  expect((await fetch(`${url}/docs/secret`)).status).toBe(404);

  // This server has no embedded issuer.
  const served = (await (await fetch(`${url}/openapi.json`)).json()) as typeof document;
  const paths = Object.entries(document.paths).filter(([path]) => !path.startsWith('/api/auth/'));
  expect(paths.length).toBeLessThan(Object.keys(document.paths).length);
  expect(served.paths).toEqual(Object.fromEntries(paths));
});

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters: readonly { readonly example?: unknown; readonly schema: { readonly example?: unknown } }[];
  readonly responses: Record<string, { content?: Record<string, { schema?: object; examples?: object }> }>;
}

let document: { openapi: string; paths: Record<string, Record<string, Operation>> };

beforeAll(() => {
  const output = { encoding: 'utf8', maxBuffer: 16 * 1024 * 1024 } as const;
  document = JSON.parse(execFileSync(process.execPath, [command, 'openapi'], output));
});

describe('the document', () => {
  test('is OpenAPI 3.1', async () => {
    expect(await new Validator().validate(structuredClone(document))).toEqual({ valid: true });
    expect(document.openapi).toMatch(/^3\.1\./);
  });

  test('has the id of every operation, and an example of each problem', () => {
    const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
    const names = operations.map(({ operationId }) => operationId);
    expect(new Set(names).size).toBe(names.length);
    for (const { operationId, summary, responses } of operations) {
      expect(summary, operationId).toBeTruthy();
      for (const [status, { content }] of Object.entries(responses).filter(([code]) => Number(code) >= 400)) {
        const problem = content?.['application/problem+json'];
        expect(problem?.schema, `${operationId} ${status}`).toEqual({ $ref: '#/components/schemas/Problem' });
        expect(Object.keys(problem?.examples ?? {}), `${operationId} ${status}`).not.toEqual([]);
      }
    }
  });

  test('has no parameter examples, because the page would send them', () => {
    const parameters = Object.values(document.paths)
      .flatMap((methods) => Object.values(methods))
      .flatMap((operation) => operation.parameters);
    expect(parameters.length).toBeGreaterThan(10);
    expect(parameters.filter((it) => it.example !== undefined || it.schema.example !== undefined)).toEqual([]);
  });

  test('has no dangling reference', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(
      ([, path]) => path as string,
    );
    const lost = new Set(references.filter((path) => resolve(path) === undefined));
    expect([...lost]).toEqual([]);
  });
});

function resolve(path: string): unknown {
  return path
    .split('/')
    .map((part) => decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], document);
}
