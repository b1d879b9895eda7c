/** Writes of one user at the same time: none waits for another in a circle, and a poller by `updated_at` misses none. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Client, startApi, type TestApi } from '../support/api.ts';
import { scrape } from '../support/metrics.ts';
import { freePort } from '../support/postgres-server.ts';

let api: TestApi;
let metricsPort: number;

beforeAll(async () => {
  metricsPort = await freePort();
  api = await startApi({ environment: { METRICS: 'on', ADMIN_PORT: String(metricsPort) }, keep: true });
});

afterAll(() => api.stop());

const letters = [...'abcdefghijklmnopqrst'];

const create = (tag: string) => ({ op: 'create', task: { title: tag, tags: [tag] } });

test('writes that bring the same new tags in opposite orders all succeed, without a deadlock', async () => {
  const ada = api.user();
  for (let round = 1; round <= 5; round += 1) {
    const tags = letters.map((letter) => `${letter}${round}`);
    const single = { title: 'single', tags: [tags[0], tags[10], tags.at(-1)] };
    const answers = await Promise.all([
      ada.post('/api/v1/tasks/batch', { operations: tags.toReversed().map(create) }),
      ...Array.from({ length: 4 }, () => ada.post('/api/v1/tasks', single)),
    ]);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 201]));
  }
  // PostgreSQL resolves a deadlock by an error, after which the server tries again.
  expect((await scrape(metricsPort)).value('todo_api_database_retries_total')).toBe(0);
});

/** The tasks that a client sees that asks, until told to end, for what has changed since the last `updated_at`. */
async function poll(client: Client, hasEnded: () => boolean): Promise<Set<string>> {
  const seen = new Set<string>();
  for (let since = '2000-01-01T00:00:00Z'; ; ) {
    const isLast = hasEnded();
    const { body } = await client.get(`/api/v1/tasks?sort=updated_at&limit=200&updated_from=${since}`);
    for (const { id, version } of body) seen.add(`${id} ${version}`);
    since = body.at(-1)?.updated_at ?? since;
    if (isLast) return seen;
  }
}

test('a poller by updated_at sees every change of a batch that other writes overtake', async () => {
  const ada = api.user();
  let hasEnded = false;
  const polled = poll(ada, () => hasEnded);
  const description = 'lorem ipsum '.repeat(20);
  const operations = Array.from({ length: 100 }, (_, index) => ({
    op: 'create',
    task: { title: `batch ${index}`, tags: [`t${index}`], description: `${description}${index}` },
  }));
  const written: { id: string; version: number }[] = [];
  const singles = async () => {
    for (let count = 1; count <= 10; count += 1) {
      const { body } = await ada.post('/api/v1/tasks', { title: 'single' });
      written.push(body, (await ada.patch(`/api/v1/tasks/${body.id}`, { status: 'Done' })).body);
    }
  };
  const batch = async () => {
    const { body } = await ada.post('/api/v1/tasks/batch', { operations });
    written.push(...body.results.map(({ task }: { task: { id: string; version: number } }) => task));
  };
  await Promise.all([batch(), singles(), singles()]);
  hasEnded = true;
  const seen = await polled;
  // Each client writes one after the other, so the later answer has the later version, which the poller must have seen.
  const last = new Map(written.map(({ id, version }) => [id, version]));
  expect(last.size).toBe(120);
  expect([...last].filter(([id, version]) => !seen.has(`${id} ${version}`))).toEqual([]);
});
