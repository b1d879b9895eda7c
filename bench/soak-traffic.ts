/** Random traffic of many users, and the comparison of acknowledged writes with the stored tasks. */
import { randomUUID } from 'node:crypto';
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { signWithSecret } from '../test/support/tokens.ts';

export const secret = 'secret-of-the-benchmarks-only-4f9d1c7a';

/** Variables of a server that accepts the tokens of `tokenOf`, without limits and without a log. */
export const unlimited = {
  AUTH_MODE: 'shared-secret',
  BETTER_AUTH_SECRET: secret,
  RATE_LIMIT_PER_MINUTE: '0',
  LOG_LEVEL: 'fatal',
};

export function tokenOf(user: string): string {
  return signWithSecret(secret, { sub: user, exp: Math.floor(Date.now() / 1000) + 86_400 });
}

export interface Traffic {
  /** Latencies of responses, in nanoseconds. */
  readonly histogram: RecordableHistogram;
  readonly outcomes: ReadonlyMap<string, number>;
  run(clients: number, seconds: number): Promise<void>;
  /** Reads all tasks through the API and compares them. */
  verify(): Promise<{ acknowledged: number; found: number; faults: string[] }>;
}

/** A user with one client at a time, so that the expected tasks are known. */
interface User {
  readonly token: string;
  /** Ids of tasks. A task may exist or not after a write without a definite response. */
  readonly tasks: Map<string, 'there' | 'perhaps'>;
}

const lists = ['sort=due', 'sort=-priority&limit=5', 'q=milk', 'status=Done', 'due=week', 'tag=home', 'sort=title'];

export function createTraffic(url: string): Traffic {
  const histogram = createHistogram();
  const outcomes = new Map<string, number>();
  const users: User[] = [];

  /** @returns the status, or 0 without a response */
  async function ask(token: string, method: string, path: string, body?: unknown, key?: string): Promise<number> {
    const start = performance.now();
    const status = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: {
        Authorization: `Bearer ${token}`,
        'Content-Type': 'application/json',
        ...(key !== undefined && { 'Idempotency-Key': key }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    }).then(
      async (response) => {
        await response.arrayBuffer();
        return response.status;
      },
      () => 0,
    );
    histogram.record(Math.max(1, Math.round((performance.now() - start) * 1e6)));
    const outcome = status === 0 ? 'no answer' : String(status);
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    return status;
  }

  /** Retries a write with its key until the response is definite. */
  async function surely(token: string, method: string, path: string, body?: unknown): Promise<number> {
    const key = randomUUID();
    for (let attempt = 0; attempt < 20; attempt += 1) {
      const status = await ask(token, method, path, body, key);
      if (![0, 409, 503, 504].includes(status)) return status;
      await delay(300);
    }
    return 0;
  }

  async function create({ token, tasks }: User): Promise<void> {
    const id = randomUUID();
    const task = { id, title: `Buy milk ${tasks.size}`, tags: ['home'], due: { date: '2027-01-01' } };
    const status = await (Math.random() < 0.5
      ? ask(token, 'POST', '/tasks', task)
      : surely(token, 'POST', '/tasks', task));
    if (status === 201) tasks.set(id, 'there');
    else if (![413, 422, 429].includes(status)) tasks.set(id, 'perhaps');
  }

  async function createMany({ token, tasks }: User): Promise<void> {
    const ids = Array.from({ length: 5 }, () => randomUUID());
    const operations = ids.map((id) => ({ op: 'create', task: { id, title: 'One of many' } }));
    const status = await surely(token, 'POST', '/tasks/batch', { operations });
    for (const id of ids) tasks.set(id, status === 200 ? 'there' : 'perhaps');
  }

  async function remove({ token, tasks }: User, id: string): Promise<void> {
    const status = await surely(token, 'DELETE', `/tasks/${id}`);
    if (status === 204 || status === 404) tasks.delete(id);
    else tasks.set(id, 'perhaps');
  }

  async function act(user: User): Promise<void> {
    const { token, tasks } = user;
    const [id] = tasks.keys();
    const chance = Math.random();
    if (chance < 0.25 || id === undefined) await create(user);
    else if (chance < 0.3) await createMany(user);
    else if (chance < 0.5) await ask(token, 'PATCH', `/tasks/${id}`, { status: 'Done' });
    // Users with hundreds of tasks delete some, so that the load stays constant.
    else if (chance < 0.55 || tasks.size > 200) await remove(user, id);
    else if (chance < 0.6) await ask(`${token}x`, 'GET', '/tasks');
    else if (chance < 0.65) await ask(token, 'POST', '/tasks', { title: 7, what: 'is this' });
    else if (chance < 0.75) await ask(token, 'GET', `/tasks/${id}`);
    else await ask(token, 'GET', `/tasks?${lists[Math.floor(Math.random() * lists.length)]}`);
  }

  return {
    histogram,
    outcomes,
    async run(clients, seconds) {
      const end = Date.now() + seconds * 1_000;
      const client = async () => {
        const own: User[] = [];
        while (Date.now() < end) {
          // New users all the time, because state per user must not grow without limit.
          if (own.length < 3 || Math.random() < 0.002) {
            const user = { token: tokenOf(`soak-${randomUUID()}`), tasks: new Map() };
            own.push(user);
            users.push(user);
          }
          await act(own[Math.floor(Math.random() * own.length)] as User);
        }
      };
      await Promise.all(Array.from({ length: clients }, client));
    },
    async verify() {
      const faults: string[] = [];
      let acknowledged = 0;
      let found = 0;
      for (const { token, tasks } of users) {
        const listed = await readAll(token);
        const ids = new Set(listed);
        if (ids.size < listed.length) faults.push(`there twice: ${listed.length - ids.size} tasks`);
        for (const [id, state] of tasks) {
          if (state === 'perhaps') continue;
          acknowledged += 1;
          if (ids.has(id)) found += 1;
          else faults.push(`lost: ${id}`);
        }
        for (const id of ids) if (!tasks.has(id)) faults.push(`never asked for, or deleted: ${id}`);
      }
      return { acknowledged, found, faults };
    },
  };

  async function readAll(token: string): Promise<string[]> {
    const ids: string[] = [];
    for (let next: string | undefined = '/api/v1/tasks?limit=100'; next !== undefined; ) {
      const response: Response = await fetch(`${url}${next}`, { headers: { Authorization: `Bearer ${token}` } });
      if (!response.ok) throw new Error(`the list of tasks returned ${response.status}`);
      ids.push(...((await response.json()) as { id: string }[]).map(({ id }) => id));
      next = /<([^>]+)>; rel="next"/.exec(response.headers.get('link') ?? '')?.[1];
    }
    return ids;
  }
}
