/** Retries, tokens and deadlines of requests, with a scripted `fetch` and fake timers. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type ClientOptions, createTodoClient, TodoProblem } from '../src/index.ts';
import { json, type Outcome, offline, problem, scriptedFetch } from './support/scripted-fetch.ts';

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const url = 'https://api.example.com';

function clientOf(outcomes: readonly Outcome[], options: Partial<ClientOptions> = {}) {
  const { fetch, requests } = scriptedFetch(...outcomes);
  return { client: createTodoClient({ url, fetch, ...options }), requests };
}

/** The outcome of a promise while all timers run. */
async function outcomeOf<Value>(promise: Promise<Value>): Promise<Value | unknown> {
  const settled = promise.catch((error: unknown) => error);
  await vi.runAllTimersAsync();
  return settled;
}

describe('a transient failure', () => {
  test.each([
    ['a network failure', offline, 250],
    ['429 with Retry-After', () => problem(429, 'rate_limited', { 'Retry-After': '7' }), 7_250],
    ['503 with Retry-After', () => problem(503, 'overloaded', { 'Retry-After': '1' }), 1_250],
    ['503 of a proxy', () => new Response('<h1>Maintenance</h1>', { status: 503 }), 250],
    ['504', () => problem(504, 'timeout'), 250],
  ])('%s is followed by the same request', async (_, failure, delay) => {
    const { client, requests } = clientOf([failure(), json({ id: 'u', scopes: null })]);
    expect(await outcomeOf(client.me())).toEqual({ id: 'u', scopes: null });
    expect(requests.map(({ at }) => at)).toEqual([0, delay]);
  });

  test('has growing delays, and at most four retries', async () => {
    const { client, requests } = clientOf(Array.from({ length: 5 }, offline));
    expect(await outcomeOf(client.me())).toEqual(offline());
    expect(requests.map(({ at }) => at)).toEqual([0, 250, 750, 1_750, 3_750]);
  });

  test('has a date in Retry-After', async () => {
    const date = new Date(Date.now() + 3_000).toUTCString();
    const { client, requests } = clientOf([problem(503, 'overloaded', { 'Retry-After': date }), json({})]);
    await outcomeOf(client.me());
    expect(requests[1]?.at).toBeGreaterThan(2_000);
  });

  test('is not waited for longer than a minute', async () => {
    const { client, requests } = clientOf([problem(503, 'overloaded', { 'Retry-After': '61' })]);
    expect(await outcomeOf(client.me())).toMatchObject({ code: 'overloaded', retryAfter: 61 });
    expect(requests).toHaveLength(1);
  });

  test('is not retried with `retry: false` or `retries: 0`', async () => {
    const once = clientOf([offline()]);
    expect(await outcomeOf(once.client.me({ retry: false }))).toEqual(offline());
    const never = clientOf([offline()], { retries: 0 });
    expect(await outcomeOf(never.client.me())).toEqual(offline());
  });

  test('a connection without an answer ends after the time limit', async () => {
    const { client, requests } = clientOf(['silence', json({})], { timeoutMs: 5_000 });
    expect(await outcomeOf(client.me())).toEqual({});
    expect(requests.map(({ at }) => at)).toEqual([0, 5_250]);
  });
});

describe('other failures are final', () => {
  test.each([
    ['a quota', problem(429, 'quota_exceeded')],
    ['an invalid request', problem(422, 'validation_failed')],
    ['an error of the server', problem(500, 'internal_error')],
    ['a conflict', problem(409, 'id_taken')],
  ])('%s', async (_, response) => {
    const { client, requests } = clientOf([response]);
    expect(await outcomeOf(client.tasks.create({ title: 'Buy milk' }))).toBeInstanceOf(TodoProblem);
    expect(requests).toHaveLength(1);
  });
});

describe('a write', () => {
  test('has a key of its own, which each attempt repeats with the same body', async () => {
    const inProgress = problem(409, 'request_in_progress', { 'Retry-After': '1' });
    const { client, requests } = clientOf([offline(), inProgress, json({}, { status: 201 }), json({})]);
    await outcomeOf(client.tasks.create({ title: 'Buy milk' }));
    await outcomeOf(client.tasks.create({ title: 'Buy milk' }));
    const keys = requests.map(({ headers }) => headers.get('Idempotency-Key'));
    expect(new Set(keys.slice(0, 3)).size).toBe(1);
    expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/);
    expect(keys[3]).not.toBe(keys[0]);
    expect(new Set(requests.map(({ body }) => body))).toEqual(new Set(['{"title":"Buy milk"}']));
  });

  test('can have another key; without a key, it is sent once', async () => {
    const keyed = clientOf([json({})]);
    await outcomeOf(keyed.client.tasks.delete('t1', { idempotencyKey: 'mine' }));
    expect(keyed.requests[0]?.headers.get('Idempotency-Key')).toBe('mine');
    const unkeyed = clientOf([offline()]);
    const options = { headers: { 'Idempotency-Key': undefined } };
    expect(await outcomeOf(unkeyed.client.tasks.delete('t1', options))).toEqual(offline());
    expect(unkeyed.requests).toHaveLength(1);
    expect(unkeyed.requests[0]?.headers.has('Idempotency-Key')).toBe(false);
  });

  test('has a key even if the platform has no `crypto`', async () => {
    vi.stubGlobal('crypto', undefined);
    const { client, requests } = clientOf([json({})]);
    await outcomeOf(client.tasks.delete('t1'));
    vi.unstubAllGlobals();
    expect(requests[0]?.headers.get('Idempotency-Key')).toBe('0.5-0.5');
  });

  test('sends the exact body of `request`', async () => {
    const { client, requests } = clientOf([json({ ok: true }, { headers: { ETag: '"2"' } })]);
    const response = client.request({
      method: 'PATCH',
      path: '/api/v1/tasks/t1',
      body: '{"title" : "x"}',
      retry: false,
    });
    expect(await outcomeOf(response)).toMatchObject({ status: 200, body: { ok: true } });
    expect(requests[0]).toMatchObject({ method: 'PATCH', url: `${url}/api/v1/tasks/t1`, body: '{"title" : "x"}' });
    expect(requests[0]?.headers.get('Content-Type')).toBe('application/json');
  });
});

describe('a signal', () => {
  test('ends the wait before a retry', async () => {
    const { client, requests } = clientOf([offline(), json({})]);
    const controller = new AbortController();
    const outcome = client.me({ signal: controller.signal }).catch((error) => error);
    await vi.advanceTimersByTimeAsync(100);
    controller.abort('left the page');
    expect(await outcome).toBe('left the page');
    expect(requests).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('ends the request', async () => {
    const { client } = clientOf(['silence']);
    const controller = new AbortController();
    const outcome = client.me({ signal: controller.signal }).catch((error) => error);
    await vi.advanceTimersByTimeAsync(100);
    controller.abort('left the page');
    expect(await outcome).toBe('left the page');
    expect(vi.getTimerCount()).toBe(0);
  });

  test('that is aborted sends nothing', async () => {
    const { client, requests } = clientOf([json({})]);
    expect(await outcomeOf(client.me({ signal: AbortSignal.abort('too late') }))).toBe('too late');
    expect(requests).toHaveLength(0);
  });
});

describe('the token', () => {
  test('is requested before each attempt', async () => {
    let count = 0;
    const getToken = () => {
      count += 1;
      return `token-${count}`;
    };
    const { client, requests } = clientOf([offline(), json({})], { getToken });
    await outcomeOf(client.me());
    expect(requests.map(({ headers }) => headers.get('Authorization'))).toEqual(['Bearer token-1', 'Bearer token-2']);
  });

  test('is renewed once after a 401, without a delay', async () => {
    const getToken = vi.fn(async ({ refresh }: { refresh: boolean }) => (refresh ? 'new' : 'old'));
    const expired = () => problem(401, 'token_expired');
    const { client, requests } = clientOf([expired(), json({}), expired(), expired()], { getToken });
    await outcomeOf(client.me());
    expect(requests.map(({ at, headers }) => [at, headers.get('Authorization')])).toEqual([
      [0, 'Bearer old'],
      [0, 'Bearer new'],
    ]);
    expect(await outcomeOf(client.me())).toMatchObject({ status: 401, code: 'token_expired' });
    expect(getToken).toHaveBeenCalledTimes(4);
  });

  test('is not sent if there is none', async () => {
    const { client, requests } = clientOf([problem(401, 'token_missing'), problem(401, 'token_missing')], {
      getToken: () => null,
    });
    expect(await outcomeOf(client.me())).toMatchObject({ code: 'token_missing' });
    expect(requests[0]?.headers.has('Authorization')).toBe(false);
  });

  test('a failure of `getToken` ends the request, unless it is a network failure', async () => {
    const rejects = vi.fn(() => Promise.reject(new Error('signed out')));
    const signedOut = clientOf([], { getToken: rejects });
    expect(await outcomeOf(signedOut.client.me())).toEqual(new Error('signed out'));
    expect(rejects).toHaveBeenCalledTimes(1);
    const getToken = vi.fn(async () => 'token').mockRejectedValueOnce(offline());
    const { client } = clientOf([json({ id: 'u' })], { getToken });
    expect(await outcomeOf(client.me())).toEqual({ id: 'u' });
  });
});

describe('a token that never arrives', () => {
  const never = () => new Promise<string>(() => {});

  test('ends the attempt after the time limit, and the next one asks again', async () => {
    const getToken = vi.fn(async () => 'token').mockImplementationOnce(never);
    const { client, requests } = clientOf([json({ id: 'u' })], { getToken, timeoutMs: 5_000 });
    expect(await outcomeOf(client.me())).toEqual({ id: 'u' });
    expect(getToken).toHaveBeenCalledTimes(2);
    expect(requests.map(({ headers }) => headers.get('Authorization'))).toEqual(['Bearer token']);
  });

  test('ends the request after all attempts', async () => {
    const { client, requests } = clientOf([], { getToken: never, timeoutMs: 5_000, retries: 1 });
    expect(await outcomeOf(client.me())).toMatchObject({ name: 'TimeoutError', message: 'No data within 5000 ms' });
    expect(requests).toHaveLength(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('ends the attempt also after a 401', async () => {
    const getToken = ({ refresh }: { refresh: boolean }) => (refresh ? never() : 'old');
    const { client } = clientOf([problem(401, 'token_expired')], { getToken, timeoutMs: 5_000, retries: 0 });
    expect(await outcomeOf(client.me())).toMatchObject({ name: 'TimeoutError' });
  });

  test('does not outlast the signal of the caller', async () => {
    const { client } = clientOf([], { getToken: never });
    const controller = new AbortController();
    const outcome = client.me({ signal: controller.signal }).catch((error) => error);
    await vi.advanceTimersByTimeAsync(100);
    controller.abort('left the page');
    expect(await outcome).toBe('left the page');
    expect(await client.me({ signal: controller.signal }).catch((error) => error)).toBe('left the page');
    expect(vi.getTimerCount()).toBe(0);
  });

  test('is a lost connection for live updates', async () => {
    const onDisconnect = vi.fn();
    const { client } = clientOf([], { getToken: never });
    const controller = new AbortController();
    const outcome = client
      .events({ signal: controller.signal, onDisconnect })
      .next()
      .catch((error) => error);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(onDisconnect).toHaveBeenCalledWith(expect.objectContaining({ name: 'TimeoutError' }));
    controller.abort('left the page');
    expect(await outcome).toBe('left the page');
  });
});

describe('a response that is not from the API', () => {
  test.each([
    ['a sign-in page', () => new Response('<html>', { status: 200, headers: { 'Content-Type': 'text/html' } })],
    ['an error of a proxy', () => new Response('Forbidden', { status: 403 })],
    ['JSON of another service', () => json({ error: 'nope', code: 404 }, { status: 404 })],
    [
      'JSON that is cut off',
      () => new Response('{"code"', { status: 502, headers: { 'Content-Type': 'application/json' } }),
    ],
  ])('%s is a problem of its own', async (_, response) => {
    const { client } = clientOf([response()], { retries: 0 });
    expect(await outcomeOf(client.me())).toMatchObject({ name: 'TodoProblem', code: 'unexpected_response' });
  });
});

test('the URL may have a path, and a query repeats the values of an array', async () => {
  const { client, requests } = clientOf([json([])], { url: 'https://example.com/todo/', timeZone: 'Europe/Rome' });
  await outcomeOf(client.tasks.list({ status: ['Todo', 'Done'], tag: 'a&b', q: undefined }).toArray());
  expect(requests[0]?.url).toBe(
    'https://example.com/todo/api/v1/tasks?time_zone=Europe%2FRome&status=Todo&status=Done&tag=a%26b',
  );
});

test('an id that would change the path is rejected', () => {
  const { client } = clientOf([]);
  for (const id of ['', '.', '..']) expect(() => client.trash.purge(id)).toThrow(TypeError);
});

test('a failed call rejects only where it is awaited', async () => {
  const { client } = clientOf([problem(404, 'task_not_found'), problem(404, 'task_not_found')]);
  expect(await outcomeOf(client.tasks.get('t1').withResponse())).toMatchObject({ code: 'task_not_found' });
  expect(await outcomeOf(client.tasks.get('t1'))).toMatchObject({ code: 'task_not_found', requestId: 'r1' });
});
