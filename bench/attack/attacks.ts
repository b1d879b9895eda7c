/** The attacks of the soak test. Each one runs in its own process. */
import { randomBytes, randomUUID } from 'node:crypto';
import type { Attack } from './attacker.ts';
import { tokensOf } from './session.ts';

const tasks = '/api/v1/tasks';
const signIn = '/api/auth/sign-in/email';

/** Text without spaces and without repetitions. */
function hanText(length: number): string {
  return Array.from({ length }, () => String.fromCodePoint(0x4e00 + Math.floor(Math.random() * 20_000))).join('');
}

function wordsOf(count: number): string {
  return Array.from({ length: count }, (_, index) => `w${index}`).join('+');
}

function randomText(bytes: number): string {
  return randomBytes(bytes / 2).toString('hex');
}

/** By name. The names are the rows of the report. */
export const attacks: Readonly<Record<string, Attack>> = {
  'floods of query parameters': async ({ request, at }) => {
    const namesOf = (length: number) => Array.from({ length }, (_, index) => index.toString(36)).join('&');
    const unknown = Object.fromEntries(Array.from({ length: 7_500 }, (_, index) => [`f${index}`, 1]));
    await at(8, 8, () => request('GET', `/livez?${namesOf(4_100)}`));
    await at(4, 4, () => request('GET', `${tasks}?${namesOf(3_800)}`));
    await at(2, 2, () => request('POST', tasks, { body: unknown }));
  },
  'large descriptions and text without spaces': async ({ request, at }) => {
    const id = randomUUID();
    await request('POST', tasks, { body: { id, title: 'x' } });
    const large = () => ({ title: 'x', description: Math.random() < 0.5 ? hanText(10_000) : '\u3316'.repeat(10_000) });
    await at(2, 4, () => request('PATCH', `${tasks}/${id}`, { body: large() }));
    const batch = () => ({ operations: Array.from({ length: 3 }, () => ({ op: 'create', task: large() })) });
    await at(1, 4, () => request('POST', `${tasks}/batch`, { body: batch() }));
  },
  'searches for 10 to 200 words': async ({ request, at }) => {
    const count = () => 10 + Math.floor(Math.random() * 190);
    await at(4, 8, () => request('GET', `${tasks}?q=${wordsOf(count())}`));
  },
  'unread responses': async ({ request, connections, get }) => {
    const operations = Array.from({ length: 10 }, () => ({
      op: 'create',
      task: { title: 'x', description: 'x '.repeat(4_999) },
    }));
    for (let count = 0; count < 20; count += 1) await request('POST', `${tasks}/batch`, { body: { operations } });
    await connections(30, async () => (await get(`${tasks}?limit=200`)).repeat(10));
  },
  'batches with new keys': async ({ request, at }) => {
    const id = randomUUID();
    await request('POST', tasks, { body: { id, title: 'x', description: 'x '.repeat(4_999) } });
    const operations = Array.from({ length: 100 }, () => ({ op: 'update', id, patch: {} }));
    const headers = () => ({ 'Idempotency-Key': randomUUID() });
    await at(5, 4, () => request('POST', `${tasks}/batch`, { headers: headers(), body: { operations } }));
  },
  'floods of tags': async ({ request, at }) => {
    const tags = () => Array.from({ length: 20 }, () => randomText(24));
    await at(8, 4, () => request('POST', tasks, { body: { title: 'x', tags: tags() } }));
    await at(2, 2, () => request('GET', '/api/v1/tags'));
  },
  'assets of the documentation': async ({ request, at }) => {
    await at(8, 4, () => request('GET', '/docs/swagger-ui-bundle.js'));
  },
  'guessed passwords': async ({ request, at, orders }) => {
    const [victim] = orders.good;
    const guess = () => ({ email: victim?.email, password: randomText(16) });
    await at(1, 80, () => Promise.all(Array.from({ length: 8 }, () => request('POST', signIn, { body: guess() }))));
  },
  'lock-out of other users': async ({ request, at, orders }) => {
    let next = 0;
    await at(5, 10, () => {
      next += 1;
      const victim = orders.good[next % orders.good.length];
      const address = `10.66.${next % 250}.${(next >> 4) % 250}`;
      const password = next % 2 === 0 ? 1 : 'wrong password here';
      return request('POST', signIn, { address, body: { email: victim?.email, password } });
    });
  },
  'floods of sign-ups': async ({ request, at }) => {
    const long = 'x'.repeat(30_000);
    const person = () => ({ name: long, image: `https://example.com/${long}`, email: `${randomUUID()}@example.com` });
    await at(3, 10, () =>
      request('POST', '/api/auth/sign-up/email', { body: { ...person(), password: randomText(16) } }),
    );
  },
  'long addresses': async ({ request, at }) => {
    const email = () => `${randomText(60_000)}@example.com`;
    await at(5, 5, () => request('POST', signIn, { body: { email: email(), password: 'wrong password here' } }));
  },
  'wrong tokens from an address of good users': async ({ request, at, orders }) => {
    const address = orders.good[0]?.address ?? '';
    await at(5, 5, () => request('GET', tasks, { address, token: randomText(300) }));
  },
  'one user at full speed': async ({ request, at, orders, owner }) => {
    const token = tokensOf(orders.url, owner);
    await at(1_000, 20, async () => {
      const body = Math.random() < 0.2 ? { title: randomText(30) } : undefined;
      const current = (await token()) ?? '';
      return request(body ? 'POST' : 'GET', tasks, { token: current, ...(body && { body }) });
    });
  },
  'half-sent headers and bodies': async ({ connections, post }) => {
    const beginnings = [
      async () => 'GET /livez HTTP/1.1\r\nHost: a\r\nX-Slow: ',
      async () => post(tasks, 1_000, '{"title":"'),
      async () => post(tasks, 140_000, `{"title":"${'x'.repeat(100_000)}`),
      async () => post(signIn, 60_000, `{"email":"${'x'.repeat(50_000)}`),
    ];
    let next = 0;
    await connections(400, () => (beginnings[next++ % beginnings.length] as () => Promise<string>)(), {
      dripMs: 2_000,
    });
  },
  'idle connections': async ({ connections }) => {
    let next = 0;
    await connections(1_500, async () => (next++ % 2 === 0 ? '' : 'GET /livez HTTP/1.1\r\nHost: a\r\n\r\n'));
  },
};
