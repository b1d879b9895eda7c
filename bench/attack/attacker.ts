/**
 * One attack of the soak test, in its own process. It reads `Orders` from its standard input, and prints the number of its
 * outcomes by status.
 *
 * Usage: tsx bench/attack/attacker.ts NAME < orders.json
 */
import { connect } from 'node:net';
import { json } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { attacks } from './attacks.ts';
import { type Account, type Answer, type Asked, ask, type Orders, tokensOf } from './session.ts';

export interface Tools {
  readonly orders: Orders;
  /** The attacker's own account. */
  readonly owner: Account;
  /** Sends a request, by default as the attacker's own account, and counts its outcome. */
  request(method: string, path: string, asked?: Partial<Asked>): Promise<Answer>;
  /** Repeats an action until the end, with a rate per second and a number of actions at a time. It returns at once. */
  at(perSecond: number, maxAtOnce: number, action: () => Promise<unknown>): Promise<void>;
  /** Keeps connections open that send bytes, read nothing, and are replaced if the server closes them. */
  connections(count: number, bytes: () => Promise<string>, options?: { readonly dripMs?: number }): Promise<void>;
  /** The bytes of requests of the attacker's own account. */
  get(path: string): Promise<string>;
  post(path: string, length: number, body: string): Promise<string>;
}

export type Attack = (tools: Tools) => Promise<void>;

const [name = ''] = process.argv.slice(2);
const attack = attacks[name];
if (!attack) throw new Error(`there is no attack "${name}"`);
const orders = (await json(process.stdin)) as Orders;
const end = Date.now() + orders.seconds * 1_000;
const outcomes: Record<string, number> = {};
const running: Promise<void>[] = [];
const owner = orders.attackers[Object.keys(attacks).indexOf(name)] as Account;
const ownToken = tokensOf(orders.url, owner);

await attack({
  orders,
  owner,
  async request(method, path, asked = {}) {
    const token = asked.token ?? (path.startsWith('/api/v1') ? await ownToken() : undefined);
    const { address } = owner;
    const answer = await ask(orders.url, method, path, { address, ...(token !== undefined && { token }), ...asked });
    count(`${answer.status} ${answer.code}`.trim());
    return answer;
  },
  async at(perSecond, maxAtOnce, action) {
    running.push(repeat(perSecond * orders.intensity, Math.ceil(maxAtOnce * orders.intensity), action));
  },
  async connections(number, bytes, { dripMs } = {}) {
    const total = Math.ceil(number * orders.intensity);
    for (let index = 0; index < total; index += 1) running.push(holdConnection(bytes, dripMs));
  },
  get: async (path) => `GET ${path} HTTP/1.1\r\n${await ownHeaders()}\r\n`,
  post: async (path, length, body) =>
    `POST ${path} HTTP/1.1\r\n${await ownHeaders()}Content-Type: application/json\r\nContent-Length: ${length}\r\n\r\n${body}`,
});
await Promise.all(running);
console.log(JSON.stringify(outcomes));
// Sockets that the server has not closed would keep the process alive.
process.exit();

async function ownHeaders(): Promise<string> {
  return `Host: a\r\nX-Forwarded-For: ${owner.address}\r\nAuthorization: Bearer ${await ownToken()}\r\n`;
}

function count(outcome: string): void {
  outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
}

async function repeat(perSecond: number, maxAtOnce: number, action: () => Promise<unknown>): Promise<void> {
  const inProgress = new Set<Promise<unknown>>();
  while (Date.now() < end) {
    const one = action().finally(() => inProgress.delete(one));
    inProgress.add(one);
    if (inProgress.size >= maxAtOnce) await Promise.race(inProgress);
    await delay(1_000 / perSecond);
  }
  await Promise.all(inProgress);
}

async function holdConnection(bytes: () => Promise<string>, dripMs: number | undefined): Promise<void> {
  while (Date.now() < end) {
    // Not all connections begin at the same time.
    await delay(Math.random() * 5_000);
    await untilClosed(await bytes(), dripMs);
  }
}

async function untilClosed(text: string, dripMs: number | undefined): Promise<void> {
  const { hostname, port } = new URL(orders.url);
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true }).pause();
  const timers: NodeJS.Timeout[] = [];
  socket.once('connect', () => {
    count('opened');
    socket.write(text);
    if (dripMs !== undefined) timers.push(setInterval(() => socket.write('x'), dripMs));
    // A socket that never reads does not notice that the server has closed it.
    timers.push(setInterval(() => void socket.read(1), 1_000));
    timers.push(setTimeout(() => socket.destroy(), Math.max(0, end - Date.now())));
  });
  socket.once('end', () => socket.destroy());
  socket.once('error', (error: NodeJS.ErrnoException) => count(error.code ?? 'error'));
  await new Promise<void>((resolve) => socket.once('close', () => resolve()));
  for (const timer of timers) clearTimeout(timer);
  if (Date.now() < end) count('closed by the server');
}
