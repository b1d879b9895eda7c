/**
 * Benchmark of event loop stalls: the longest stall per kind of request on the embedded database, for a user with many
 * tasks. It prints a Markdown table for `docs/faults.md`.
 *
 * Usage: npm run bench:stalls -- [tasks of the user] [prefix of the names of requests]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { loadConfig } from '../src/config/load.ts';
import { openDriver } from '../src/database/open-driver.ts';
import { createLog } from '../src/observability/log.ts';
import { startServer } from '../src/server/server.ts';
import { createServices } from '../src/services.ts';
import { sorts } from '../src/tasks/list-parameters.ts';
import { freePort } from '../test/support/postgres-server.ts';
import { signWithSecret } from '../test/support/tokens.ts';
import { fill } from './fill.ts';

const [tasks = 50_000, only = ''] = [Number(process.argv[2] ?? 50_000), process.argv[3]];
const user = 'bench-user';
const secret = 'secret-of-the-benchmarks-only-4f9d1c7a';
const repetitions = 5;
const folder = mkdtempSync(join(tmpdir(), 'todo-api-stalls-'));

try {
  const port = await freePort();
  const config = loadConfig({
    PORT: String(port),
    DATABASE_URL: `pglite:${folder}`,
    AUTH_MODE: 'shared-secret',
    BETTER_AUTH_SECRET: secret,
    RATE_LIMIT_PER_MINUTE: '0',
  });
  const driver = await openDriver(config.database);
  const services = await createServices(config, { log: createLog('silent'), driver });
  const server = await startServer(services);
  await server.ready;
  await driver.withMigrationClient((client) => fill(client, { user, tasks, total: tasks, others: 1 }));
  const token = signWithSecret(secret, { sub: user, exp: Math.floor(Date.now() / 1_000) + 3_600 });
  const reported = (name: string, { stall, request }: { stall: number; request: number }) =>
    console.log(`| ${name} | ${stall.toFixed(0)} | ${request.toFixed(0)} |`);
  await measureAll(`http://127.0.0.1:${port}/api/v1`, token);
  for (const text of [
    'vacuum todo.tasks',
    'analyze todo.tasks',
    'vacuum todo.task_words',
    'analyze todo.task_words',
    'checkpoint',
  ]) {
    reported(
      `maintenance: ${text}`,
      await worst(1, async () => void (await driver.withMigrationClient((client) => client.query(text)))),
    );
  }
  await server.stop();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

interface Measured {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
}

async function measureAll(api: string, token: string): Promise<void> {
  const get = (query: string): Measured => ({ method: 'GET', path: `/tasks?${query}` });
  const title = (round: number) => `water the flowers ${round}`;
  const long = 'wandering through a long description, word by word; '.repeat(200).slice(0, 10_000);
  const distinct = Array.from({ length: 1_800 }, (_, index) => `w${index}`)
    .join(' ')
    .slice(0, 10_000);
  const kinds: [string, (round: number) => Measured][] = [
    ...sorts.map((sort): [string, () => Measured] => [`list, sort=${sort}`, () => get(`limit=100&sort=${sort}`)]),
    ['list, skip=10000', () => get('limit=100&skip=10000')],
    ['list, status=Todo', () => get('limit=100&status=Todo')],
    ['list, priority=High, sort=title', () => get('limit=100&priority=High&sort=title')],
    ['list, tag', () => get('limit=100&tag=tag%209')],
    ['list, no such tag', () => get('limit=100&tag=none')],
    ['list, q=zeppelin', () => get('limit=100&q=zeppelin')],
    ['list, q=buy mil', () => get('limit=100&q=buy%20mil')],
    ['list, q of nothing', () => get('limit=100&q=nothing')],
    ['list, q of seven words', () => get('limit=100&q=b%20c%20m%20r%20g%20i%20t')],
    ['list, q of one letter, sort=priority', () => get('limit=100&q=1&sort=priority')],
    ['list, due=overdue', () => get('limit=100&due=overdue')],
    ['list, due=none', () => get('limit=100&due=none')],
    [
      'list, created on a day',
      () => get('limit=100&created_from=2026-01-01T00:00:00Z&created_to=2026-01-02T00:00:00Z'),
    ],
    ['list of tags', () => ({ method: 'GET', path: '/tags' })],
    ['create', (round) => ({ method: 'POST', path: '/tasks', body: { title: title(round) } })],
    [
      'create, description of 10,000 characters',
      (round) => ({ method: 'POST', path: '/tasks', body: { title: title(round), description: long } }),
    ],
    [
      'create, 10,000 characters of distinct words',
      (round) => ({ method: 'POST', path: '/tasks', body: { title: title(round), description: distinct } }),
    ],
    [
      'batch of 100 creates',
      (round) => ({
        method: 'POST',
        path: '/tasks/batch',
        body: {
          operations: Array.from({ length: 100 }, (_, index) => ({
            op: 'create',
            task: { title: `${title(round)} ${index}`, tags: ['a', 'b'] },
          })),
        },
      }),
    ],
    [
      'batch of 6 creates, 10,000 characters of distinct words each',
      (round) => ({
        method: 'POST',
        path: '/tasks/batch',
        body: {
          operations: Array.from({ length: 6 }, () => ({
            op: 'create',
            task: { title: title(round), description: distinct },
          })),
        },
      }),
    ],
  ];
  console.log('| Request | Longest stall, ms | Longest request, ms |\n| --- | --- | --- |');
  for (const [name, make] of kinds.filter(([kind]) => kind.startsWith(only))) {
    const { stall, request } = await worst(repetitions, async (round) => {
      const { method, path, body } = make(round);
      const response = await fetch(`${api}${path}`, {
        method,
        headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      if (!response.ok) console.error(`${name}: ${response.status} ${text}`);
    });
    console.log(`| ${name} | ${stall.toFixed(0)} | ${request.toFixed(0)} |`);
  }
}

/** The longest stall of the event loop during the work, and the longest duration of the work. */
async function worst(rounds: number, work: (round: number) => Promise<void>) {
  let stall = 0;
  let request = 0;
  for (let round = 0; round < rounds; round += 1) {
    const histogram = monitorEventLoopDelay({ resolution: 1 });
    histogram.enable();
    await delay(20);
    const start = performance.now();
    await work(round);
    request = Math.max(request, performance.now() - start);
    await delay(20);
    histogram.disable();
    stall = Math.max(stall, histogram.max / 1e6);
  }
  return { stall, request };
}
