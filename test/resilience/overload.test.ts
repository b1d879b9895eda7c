/** Overload: five times more clients than the server can serve. It rejects the rest, and answers health checks. */
import { Agent, type IncomingMessage, request } from 'node:http';
import { json } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { beforeEach, expect, inject, onTestFinished, test } from 'vitest';
import { maxQueueLength } from '../../src/database/pg/pool.ts';
import { serveReady } from '../e2e/built-command.ts';
import { ownDatabase } from '../e2e/own-database.ts';
import { startFaultyProxy } from '../support/faulty-proxy.ts';
import { scrape } from '../support/metrics.ts';
import { freePort } from '../support/postgres-server.ts';
import { environment, tokenFor } from './serve.ts';

const poolMax = 10;
const clients = 5 * (poolMax + maxQueueLength);

interface Answer {
  readonly status: number;
  readonly code?: string;
  readonly retryAfter: string | undefined;
}

beforeEach((context) => {
  context.skip(inject('postgresUrl') === null, inject('postgresMissing'));
});

test('clients that retry at once', async () => {
  const { url } = await ownDatabase();
  const proxy = await startFaultyProxy(url);
  onTestFinished(() => proxy.close());
  // Then the capacity is the same on every machine.
  proxy.cause({ type: 'delay', ms: 20 });
  const adminPort = await freePort();
  const server = await serveReady({
    ...environment,
    DATABASE_URL: proxy.url,
    METRICS: 'on',
    ADMIN_PORT: String(adminPort),
    LOG_LEVEL: 'fatal',
    // Longer than a busy machine needs for the whole queue.
    DATABASE_TIMEOUT_MS: '60000',
  });
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  onTestFinished(() => agent.destroy());
  const ask = (path: string, user = 'ada', via?: Agent) =>
    answerOf(`http://127.0.0.1:${server.port}${path}`, tokenFor(user), via);

  /** Each client sends this number of requests. Meanwhile, the test checks health and queue. */
  async function wave(): Promise<Answer[]> {
    const answers: Answer[] = [];
    let isOver = false;
    // Each client is a user, because each user has a limited part of the queue.
    const client = async (_: unknown, number: number) => {
      for (let count = 0; count < 4; count += 1)
        answers.push(await ask('/api/v1/tasks?limit=5', `user ${number}`, agent));
    };
    const watch = async () => {
      while (!isOver) {
        expect((await ask('/livez')).status).toBe(200);
        const { value } = await scrape(adminPort);
        expect(value('todo_api_database_connections_waiting')).toBeLessThanOrEqual(maxQueueLength);
        expect(value('todo_api_database_connections')).toBeLessThanOrEqual(poolMax);
        await delay(50);
      }
    };
    const watching = watch();
    await Promise.all(Array.from({ length: clients }, client));
    isOver = true;
    await watching;
    return answers;
  }

  await wave();
  for (let count = 0; count < 3; count += 1) {
    const answers = await wave();
    const served = answers.filter(({ status }) => status === 200);
    const others = answers.filter(({ status }) => status !== 200);
    expect(answers).toHaveLength(4 * clients);
    // Requests that are queued at the beginning are served. Each answer is either a success or the correct error.
    expect(served.length).toBeGreaterThanOrEqual(maxQueueLength);
    expect(others.length).toBeGreaterThan(0);
    expect(new Set(others.map((answer) => JSON.stringify(answer)))).toEqual(
      new Set([JSON.stringify({ status: 503, code: 'overloaded', retryAfter: '1' })]),
    );
  }
  expect((await ask('/api/v1/tasks')).status).toBe(200);
});

async function answerOf(url: string, token: string, agent?: Agent): Promise<Answer> {
  const headers = { Authorization: `Bearer ${token}` };
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request(url, { headers, ...(agent && { agent }) }, resolve)
      .on('error', reject)
      .end();
  });
  const body = (await json(response)) as { code?: string };
  return {
    status: response.statusCode ?? 0,
    ...(body.code !== undefined && { code: body.code }),
    retryAfter: response.headers['retry-after'],
  };
}
