/** Tabs that share a storage, and the pauses of the leader. Its times are those of the test. */
import { expect, onTestFinished, test, vi } from 'vitest';
import { type Problem, type RequestOptions, TodoProblem } from '../src/index.ts';
import type { Environment } from '../src/offline/environment.ts';
import {
  createOfflineStore,
  memoryStorage,
  type OfflineStore,
  type StoragePlace,
  type Tabs,
} from '../src/offline/index.ts';
import type { Transport } from '../src/offline/transport.ts';

/** Sleeps end when the test lets time pass. */
class Clock implements Environment {
  ms = 0;
  readonly #sleeps = new Set<{ readonly at: number; readonly end: () => void }>();

  now(): number {
    return this.ms;
  }

  random(): number {
    return Math.random();
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        this.#sleeps.delete(sleep);
        signal.removeEventListener('abort', end);
        resolve();
      };
      const sleep = { at: this.ms + ms, end };
      if (signal.aborted) return resolve();
      this.#sleeps.add(sleep);
      signal.addEventListener('abort', end);
    });
  }

  async pass(ms: number): Promise<void> {
    const end = this.ms + ms;
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      const [next] = [...this.#sleeps].sort((one, other) => one.at - other.at);
      if (!next || next.at > end) break;
      this.ms = next.at;
      next.end();
    }
    this.ms = end;
  }
}

const noServer: Transport = {
  request: () => Promise.reject(new TypeError('fetch failed')),
  events: () => {
    throw new TypeError('fetch failed');
  },
};

/** A client of a server that has no changes, and executes writes with the function. */
function clientOf(write: (fields: Record<string, unknown>) => unknown): Transport {
  return {
    async request<Body>({ method, path, body }: RequestOptions) {
      const page = { reset: false, changes: [], cursor: 'c', has_more: false };
      const read = path === '/api/v1/me' ? { id: 'ada' } : page;
      const response = method === 'GET' ? read : write(JSON.parse(body ?? '{}'));
      return { status: 200, headers: new Headers(), body: response as Body };
    },
    async *events({ signal } = {}) {
      await new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
    },
  };
}

/** Tabs whose messages do not arrive. */
const silentTabs: Tabs = { elect: (_name, lead) => lead(), connect: () => ({ post() {}, close() {} }) };

async function openStore(
  clock: Clock,
  storage: StoragePlace,
  { client = noServer, tabs = silentTabs }: { client?: Transport; tabs?: Tabs } = {},
): Promise<OfflineStore> {
  const store = await createOfflineStore({ client, storage, userId: 'ada', tabs, environment: clock });
  onTestFinished(() => store.close());
  return store;
}

test('a tab shows what another tab has stored, also if its message was lost', async () => {
  const [clock, storage] = [new Clock(), memoryStorage()];
  const [first, second] = [await openStore(clock, storage), await openStore(clock, storage)];
  await first.tasks.create({ title: 'Buy milk' });
  const milk = second.tasks.query(({ title }) => title === 'Buy milk');
  expect(milk.get()).toEqual([]);
  await clock.pass(15_000);
  const before = milk.get();
  expect(before).toMatchObject([{ title: 'Buy milk' }]);
  await first.tasks.create({ title: 'Buy bread' });
  await clock.pass(15_000);
  expect(second.tasks.query().get()).toHaveLength(2);
  // The tab has read all records again, but the result has not changed.
  expect(milk.get()).toBe(before);
});

test('writes of two tabs at once are both stored, each one once', async () => {
  const [clock, storage] = [new Clock(), memoryStorage()];
  const tabs = [await openStore(clock, storage), await openStore(clock, storage)] as const;
  await Promise.all(tabs.flatMap((tab) => [1, 2, 3].map((number) => tab.tasks.create({ title: `${number}` }))));
  await clock.pass(15_000);
  for (const tab of tabs) {
    const titles = tab.tasks
      .query()
      .get()
      .map(({ title }) => title);
    expect(titles.sort()).toEqual(['1', '1', '2', '2', '3', '3']);
    expect(new Set(tab.operations().map(({ key }) => key)).size).toBe(6);
  }
});

test('a day without a connection costs at most one request per 30 seconds, and an operation is never given up', async () => {
  const clock = new Clock();
  const request = vi.fn(() => Promise.reject(new TypeError('fetch failed')));
  const store = await openStore(clock, memoryStorage(), { client: { ...noServer, request } });
  await store.tasks.create({ title: 'Buy milk' });
  const day = 24 * 3_600_000;
  await clock.pass(day);
  expect(request.mock.calls.length).toBeGreaterThan(day / 61_000);
  expect(request.mock.calls.length).toBeLessThan(day / 30_000 + 10);
  expect(store.status()).toMatchObject({ connection: 'offline', failure: 'fetch failed', pending: 1, rejected: [] });
});

test('a response that is not from the API confirms nothing', async () => {
  const clock = new Clock();
  const store = await openStore(clock, memoryStorage(), { client: clientOf(() => ({ welcome: 'to this network' })) });
  const { id } = await store.tasks.create({ title: 'Buy milk' });
  await clock.pass(3_600_000);
  expect(store.status()).toMatchObject({ pending: 1, failure: expect.stringContaining('not from the API') });
  expect(store.tasks.get(id)).toMatchObject({ title: 'Buy milk', version: 0 });
});

test('an operation that always fails holds up neither the others nor the changes, and is repeated', async () => {
  const clock = new Clock();
  const sent: string[] = [];
  const client = clientOf(({ title, ...fields }) => {
    sent.push(title as string);
    if (title === 'fails') {
      throw new TodoProblem(500, new Headers(), { code: 'internal_error', detail: 'It failed' } as Problem);
    }
    return { ...fields, title, version: 1 };
  });
  const store = await openStore(clock, memoryStorage(), { client });
  const failing = await store.tasks.create({ title: 'fails' });
  await store.tasks.create({ title: 'below', parent_id: failing.id });
  await store.tasks.create({ title: 'other' });
  await clock.pass(3_600_000);
  expect(sent.filter((title) => title === 'fails').length).toBeGreaterThan(50);
  expect(sent.filter((title) => title !== 'fails')).toEqual(['other']);
  expect(store.operations().map(({ body }) => JSON.parse(body as string).title)).toEqual(['fails', 'below']);
});
