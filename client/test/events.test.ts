/** Live updates: resumption after lost connections, ends of streams, tokens, and long polls. */
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { type Client, startApi, type TestApi } from '../../test/support/api.ts';
import { startFaultyProxy } from '../../test/support/faulty-proxy.ts';
import { type Changes, createTodoClient, type EventOptions, type GetToken } from '../src/index.ts';
import { json, type Outcome, offline, problem, scriptedFetch } from './support/scripted-fetch.ts';

let api: TestApi;

beforeAll(async () => {
  api = await startApi({ keep: true });
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

afterAll(() => api.stop());

function clientOf(user: Client, url = api.url) {
  return createTodoClient({ url, getToken: () => api.token(user.userId as string) });
}

/** The titles of the tasks on the next page that has some. */
async function nextTitles(pages: AsyncGenerator<Changes>): Promise<(string | undefined)[]> {
  for (;;) {
    const { value } = await pages.next();
    const titles = (value as Changes).changes.map((change) => (change.op === 'put' ? change.task?.title : undefined));
    if (titles.length > 0) return titles;
  }
}

describe.each([{ poll: false }, { poll: true }])('with %o', (options) => {
  test('changes arrive, and are resumed after a lost connection', async () => {
    const user = api.user();
    const { tasks } = clientOf(user);
    await tasks.create({ title: 'before' });
    const proxy = await startFaultyProxy(api.url);
    onTestFinished(() => proxy.close());
    const onDisconnect = vi.fn();
    const pages = clientOf(user, proxy.url).events({ ...options, onDisconnect });
    expect((await pages.next()).value).toMatchObject({ reset: false, changes: [], cursor: expect.any(String) });
    const live = nextTitles(pages);
    await tasks.create({ title: 'live' });
    expect(await live).toEqual(['live']);
    const resumed = nextTitles(pages);
    await expect.poll(() => proxy.open).toBeGreaterThan(0);
    vi.spyOn(Math, 'random').mockReturnValue(0);
    proxy.reset();
    await tasks.create({ title: 'while disconnected' });
    expect(await resumed).toEqual(['while disconnected']);
    expect(onDisconnect).toHaveBeenCalled();
    await pages.return();
  });
});

test('a stream resumes at a cursor', async () => {
  const { tasks, changes, events } = clientOf(api.user());
  const { cursor } = await changes.read();
  await tasks.create({ title: 'later' });
  const pages = events({ since: cursor });
  expect(await nextTitles(pages)).toEqual(['later']);
  await pages.return();
});

test('an altered cursor is a problem', async () => {
  const pages = clientOf(api.user()).events({ since: 'x' });
  await expect(pages.next()).rejects.toMatchObject({ code: 'validation_failed' });
});

describe('with a scripted server', () => {
  async function follow(
    outcomes: readonly Outcome[],
    { getToken, ...options }: EventOptions & { getToken?: GetToken } = {},
  ) {
    vi.useFakeTimers();
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
    const { fetch, requests } = scriptedFetch(...outcomes);
    const client = createTodoClient({ url: 'https://api.example.com', fetch, getToken });
    const received: Changes[] = [];
    const end = (async () => {
      for await (const page of client.events(options)) received.push(page);
    })().catch((error: unknown) => error);
    await vi.runAllTimersAsync();
    return { requests, received, error: await end };
  }

  const page = (cursor: string): Changes => ({ reset: false, changes: [], cursor, has_more: false });

  function message(cursor: string): string {
    return `id: ${cursor}\nevent: changes\ndata: ${JSON.stringify(page(cursor))}\n\n`;
  }

  /** The text arrives at once, then comments every 20 s. The connection stays open until the signal aborts. */
  function open(text: string, signal: AbortSignal, comments = 0): Response {
    const body = new ReadableStream({
      start(controller) {
        const send = (part: string) => controller.enqueue(new TextEncoder().encode(part));
        send(text);
        for (let count = 1; count <= comments; count += 1) setTimeout(() => send(':\n\n'), count * 20_000);
        signal.addEventListener('abort', () => controller.error(signal.reason));
      },
    });
    return new Response(body, eventStream);
  }

  /** The text arrives at once, and the connection ends. */
  function ended(text: string): Response {
    return new Response(text, eventStream);
  }

  const eventStream = { headers: { 'Content-Type': 'text/event-stream' } };

  const signedOut = () => problem(403, 'insufficient_scope');

  test('the end of a stream has its own delay, and an expired token is renewed', async () => {
    const end = 'event: end\nretry: 1250\ndata: {"reason":"token_expired"}\n\n';
    const getToken = vi.fn<GetToken>(() => 'token');
    const { requests, received, error } = await follow([ended(`:\n\n${message('c1')}${end}`), signedOut()], {
      getToken,
    });
    expect(received).toEqual([page('c1')]);
    expect(requests.map(({ at, headers }) => [at, headers.get('Last-Event-ID')])).toEqual([
      [0, null],
      [1_250, 'c1'],
    ]);
    expect(getToken.mock.calls).toEqual([[{ refresh: false }], [{ refresh: true }]]);
    expect(error).toMatchObject({ code: 'insufficient_scope' });
  });

  test('failed connections have growing delays, which start again after a message', async () => {
    const onDisconnect = vi.fn();
    const page503 = new Response('<html>', { status: 503 });
    const outcomes = [offline(), page503, problem(500, 'internal_error'), ended(message('c1')), offline(), signedOut()];
    const { requests } = await follow(outcomes, { since: 'c0', onDisconnect });
    expect(requests.map(({ at }) => at)).toEqual([0, 250, 750, 1_750, 2_000, 2_500]);
    expect(requests.map(({ headers }) => headers.get('Last-Event-ID'))).toEqual(['c0', 'c0', 'c0', 'c0', 'c1', 'c1']);
    expect(onDisconnect).toHaveBeenCalledTimes(5);
  });

  test('a silent connection is replaced after a minute', async () => {
    const { requests, received } = await follow([(signal) => open(message('c1'), signal), 'silence', signedOut()]);
    expect(received).toEqual([page('c1')]);
    expect(requests.map(({ at }) => at)).toEqual([0, 60_250, 120_750]);
  });

  test('comments keep a connection', async () => {
    const { requests } = await follow([(signal) => open(message('c1'), signal, 5), signedOut()]);
    expect(requests.map(({ at }) => at)).toEqual([0, 160_250]);
  });

  test('a rejected token ends the iteration after one renewal', async () => {
    const getToken = vi.fn<GetToken>(() => 'token');
    const outcomes = [problem(401, 'token_expired'), problem(401, 'token_invalid')];
    const { error } = await follow(outcomes, { getToken });
    expect(error).toMatchObject({ status: 401, code: 'token_invalid' });
    expect(getToken.mock.calls).toEqual([[{ refresh: false }], [{ refresh: true }]]);
  });

  test('a platform without streams waits with long polls', async () => {
    const pages = [{ ...page('c1'), has_more: true }, page('c2'), page('c3')].map((each) => json(each));
    const outcomes = [...pages, signedOut()];
    vi.stubGlobal('Response', class {});
    const { requests, received } = await follow(outcomes);
    expect(requests.map(({ url }) => url.replace(/.*\?/, ''))).toEqual([
      'limit=500',
      'since=c1&limit=500',
      'since=c2&wait=30',
      'since=c3&wait=30',
    ]);
    expect(received).toEqual([page('c2'), page('c3')]);
  });

  test('a signal ends the iteration with its reason', async () => {
    const controller = new AbortController();
    const leaving: Outcome = (signal) => {
      setTimeout(() => controller.abort('closed'), 1_000);
      return open(message('c1'), signal);
    };
    const { error } = await follow([leaving], { signal: controller.signal });
    expect(error).toBe('closed');
  });
});
