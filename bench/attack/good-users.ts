/**
 * The good users of the soak test under attack, in their own process. They stay below the rate limits. It reads `Orders` from
 * its standard input, and prints `Experience`.
 */
import { randomUUID } from 'node:crypto';
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import { json } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { type Account, type Asked, ask, type Orders } from './session.ts';

/** What the good users experienced. */
export interface Experience {
  /** Per operation: the number of requests, and latencies in milliseconds. */
  readonly operations: Readonly<Record<string, { count: number; p50: number; p99: number; max: number }>>;
  /** The number of responses other than the expected one, by operation, status and code. */
  readonly errors: Readonly<Record<string, number>>;
}

const tasks = '/api/v1/tasks';
const words = ['milk', 'bread', 'report', 'garden', 'invoice', 'letter', 'meeting', 'holiday', 'dentist', 'bicycle'];
const orders = (await json(process.stdin)) as Orders;
const end = Date.now() + orders.seconds * 1_000;
const histograms = new Map<string, RecordableHistogram>();
const errors: Record<string, number> = {};

await Promise.all(orders.good.map(live));
const experience: Experience = { operations: Object.fromEntries([...histograms].map(summarize)), errors };
console.log(JSON.stringify(experience));

function summarize([name, histogram]: [string, RecordableHistogram]) {
  const at = (percentile: number) => histogram.percentile(percentile) / 1e6;
  return [name, { count: histogram.count, p50: at(50), p99: at(99), max: histogram.max / 1e6 }] as const;
}

/** Requests of one user, one at a time, with pauses as of a person with a busy application. */
async function live(account: Account): Promise<void> {
  const { address, email, password } = account;
  const ids: string[] = [];
  let token = '';
  let signInAt = 0;

  const attempt = async (
    operation: string,
    expected: number,
    method: string,
    path: string,
    asked: Partial<Asked> = {},
  ) => {
    const start = performance.now();
    const answer = await ask(orders.url, method, path, { address, token, ...asked });
    const histogram = histograms.get(operation) ?? createHistogram();
    histograms.set(operation, histogram);
    histogram.record(Math.max(1, Math.round((performance.now() - start) * 1e6)));
    if (answer.status === expected) return answer;
    const error = `${operation}: ${answer.status} ${answer.code}`.trim();
    errors[error] = (errors[error] ?? 0) + 1;
    return null;
  };

  const signIn = async () => {
    const body = { email, password };
    const signedIn = await attempt('sign in', 200, 'POST', '/api/auth/sign-in/email', { body, token: account.session });
    const session = signedIn?.headers.get('set-auth-token') ?? account.session;
    const issued = await attempt('get a token', 200, 'GET', '/api/auth/token', { token: session });
    token = issued?.body?.token ?? token;
    // Users of one address do not sign in at the same time.
    signInAt = Date.now() + 60_000 * (0.5 + Math.random());
  };

  const actions: (() => Promise<unknown>)[] = [
    () => attempt('list', 200, 'GET', `${tasks}?limit=20&sort=${pick(['due', '-priority', 'title', '-created_at'])}`),
    () => attempt('filter', 200, 'GET', `${tasks}?limit=20&status=Todo&due=week&tag=home`),
    () => attempt('search', 200, 'GET', `${tasks}?limit=20&q=${pick(words)}+${pick(words).slice(0, 3)}`),
    () => attempt('list tags', 200, 'GET', '/api/v1/tags'),
    async () => {
      const [id] = ids;
      if (id !== undefined) await attempt('read', 200, 'GET', `${tasks}/${id}`);
    },
    () => create('create', {}),
    () => create('create with a key', { 'Idempotency-Key': randomUUID() }),
    async () => {
      const id = ids.at(-1);
      const body = { status: pick(['Todo', 'InProgress', 'Done']), title: title() };
      if (id !== undefined) await attempt('update', 200, 'PATCH', `${tasks}/${id}`, { body });
    },
    async () => {
      const headers = { 'Idempotency-Key': randomUUID() };
      const [old, ...others] = ids;
      const operations = [
        ...Array.from({ length: 3 }, () => ({ op: 'create', task: newTask() })),
        ...others.slice(0, 3).map((id) => ({ op: 'update', id, patch: { priority: pick(['Low', 'High']) } })),
        ...(old === undefined ? [] : [{ op: 'delete', id: old }]),
      ];
      const done = await attempt('batch', 200, 'POST', `${tasks}/batch`, { headers, body: { operations } });
      if (!done) return;
      if (old !== undefined) ids.shift();
      for (const { status, task } of done.body.results) if (status === 201) ids.push(task.id);
    },
    async () => {
      const id = ids.length > 100 ? ids.shift() : undefined;
      if (id !== undefined) await attempt('delete', 204, 'DELETE', `${tasks}/${id}`);
    },
  ];

  async function create(operation: string, headers: Record<string, string>): Promise<void> {
    const created = await attempt(operation, 201, 'POST', tasks, { headers, body: newTask() });
    if (created) ids.push(created.body.id);
  }

  while (Date.now() < end) {
    if (Date.now() > signInAt) await signIn();
    await pick(actions)();
    await delay(100 + Math.random() * 400);
  }
}

function newTask(): object {
  return {
    title: title(),
    description: `${title()} ${title()}`,
    tags: [pick(['home', 'work'])],
    due: { date: '2027-01-01' },
  };
}

function title(): string {
  return `${pick(words)} ${pick(words)} ${pick(words)}`;
}

function pick<Item>(items: readonly Item[]): Item {
  return items[Math.floor(Math.random() * items.length)] as Item;
}
