/** Cross-origin resource sharing (CORS) for the configured origins. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Client, startApi, type TestApi } from '../support/api.ts';
import { documentedOperations } from '../support/document.ts';

let api: TestApi;
let user: Client;

beforeAll(async () => {
  api = await startApi({ keep: true, environment: { CORS_ORIGINS: 'https://app.example.com,http://localhost:5173' } });
  user = api.user();
});

afterAll(() => api.stop());

const collection = '/api/v1/tasks';
const unknownId = '0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4d';

test('a browser can send requests from the configured origins, and read the headers that it needs', async () => {
  const origin = 'https://app.example.com';
  const { headers } = await user.request('OPTIONS', `${collection}/${unknownId}`, {
    headers: {
      Origin: origin,
      'Access-Control-Request-Method': 'PATCH',
      'Access-Control-Request-Headers': 'authorization,content-type,if-match',
    },
  });
  expect(headers.get('access-control-allow-origin')).toBe(origin);
  expect(headers.get('access-control-allow-credentials')).toBe('true');
  for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']) {
    expect(headers.get('access-control-allow-methods')).toContain(method);
  }
  for (const name of ['authorization', 'content-type', 'if-match', 'if-none-match']) {
    expect(headers.get('access-control-allow-headers')?.toLowerCase()).toContain(name);
  }
  // Errors of every layer need the headers, too; otherwise a page cannot read them.
  for (const path of [collection, '/nowhere', `${collection}?a=1`, `${collection}/${unknownId}`]) {
    const answer = await user.get(path, { Origin: origin });
    expect(answer.headers.get('access-control-allow-origin')).toBe(origin);
    expect(answer.headers.get('vary')).toMatch(/origin/i);
    const exposed = answer.headers.get('access-control-expose-headers')?.toLowerCase().split(/, ?/);
    expect(exposed).toEqual(expect.arrayContaining(['link', 'etag', 'location', 'retry-after', 'x-request-id']));
  }
  expect((await api.anonymous().get(collection, { Origin: origin })).headers.get('access-control-allow-origin')).toBe(
    origin,
  );
});

/** Sends a preflight from a configured origin and returns the names of the allowed request headers. */
async function allowedHeaders(requested: string, path = collection): Promise<string[]> {
  const { status, headers } = await user.request('OPTIONS', path, {
    headers: {
      Origin: 'http://localhost:5173',
      'Access-Control-Request-Method': 'POST',
      ...(requested && { 'Access-Control-Request-Headers': requested }),
    },
  });
  expect(status).toBe(204);
  return (headers.get('access-control-allow-headers') ?? '').toLowerCase().split(/, ?/);
}

test.each([
  ['W3C Trace Context and Baggage, of OpenTelemetry', 'baggage,traceparent,tracestate'],
  ['Sentry', 'baggage,sentry-trace'],
  ['Datadog', 'x-datadog-origin,x-datadog-parent-id,x-datadog-sampling-priority,x-datadog-trace-id'],
  ['New Relic', 'newrelic,traceparent,tracestate'],
  ['Elastic', 'elastic-apm-traceparent'],
  ['Zipkin', 'b3,x-b3-sampled,x-b3-spanid,x-b3-traceid'],
  ['Application Insights', 'request-context,request-id'],
  ['AWS RUM', 'x-amzn-trace-id'],
  ['jQuery and axios', 'x-requested-with,x-xsrf-token'],
  ['a fetch of server-sent events', 'accept,cache-control,last-event-id'],
  ['preferences', 'prefer'],
  ['an application', 'x-app-version'],
])('the headers of %s pass the preflight', async (_name, requested) => {
  for (const path of [collection, `${collection}/${unknownId}`, '/nowhere']) {
    const allowed = await allowedHeaders(`authorization,content-type,${requested}`, path);
    expect(allowed).toEqual(expect.arrayContaining(['authorization', 'content-type', ...requested.split(',')]));
  }
});

test('a preflight response contains each header once, and only valid header names', async () => {
  const usual = await allowedHeaders('');
  expect(usual).toContain('idempotency-key');
  expect(await allowedHeaders('Authorization, IF-MATCH')).toEqual(usual);
  expect(await allowedHeaders('x y,,<script>,"a",traceparent')).toEqual([...usual, 'traceparent']);
});

test('a page can read every header in the document', async () => {
  const { headers } = await user.get(collection, { Origin: 'https://app.example.com' });
  const exposed = headers.get('access-control-expose-headers')?.toLowerCase().split(/, ?/);
  const documented = documentedOperations
    .flatMap(({ operation }) => Object.values(operation.responses))
    .flatMap((response) => Object.keys(response.headers ?? {}))
    // These are for caches and for the browser itself. A browser never exposes cookies to a page.
    .filter((name) => name !== 'Vary' && name !== 'Set-Cookie');
  expect(new Set(documented)).toContain('WWW-Authenticate');
  const others = ['Change-Set', 'Next-Cursor', 'Idempotency-Replayed'];
  for (const name of [...documented, ...others]) expect(exposed, name).toContain(name.toLowerCase());
});

test.each([
  'https://evil.example',
  'http://app.example.com',
  'https://app.example.com:8443',
  'https://app.example.com.evil.example',
  'https://sub.app.example.com',
  'null',
  '*',
])('no other origin is allowed: %s', async (origin) => {
  const preflight = { Origin: origin, 'Access-Control-Request-Method': 'GET' };
  const refused = await user.request('OPTIONS', collection, { headers: preflight });
  expect(refused.status).toBe(405);
  const answers = [refused, await user.get(collection, { Origin: origin })];
  for (const { headers } of answers) {
    expect([...headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([]);
  }
});
