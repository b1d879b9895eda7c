/** Two hundred users on three connections, many of which disconnect early: no response contains data of another user. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startApi, type TestApi } from '../support/api.ts';
import { databaseKind } from '../support/databases.ts';

const connections = databaseKind === 'postgres' ? 3 : 1;
const users = 200;
const requests = databaseKind === 'postgres' ? 5_000 : 1_000;
const atOnce = 48;

let api: TestApi;

beforeAll(async () => {
  api = await startApi({ keep: true, environment: { DATABASE_POOL_MAX: String(connections) } });
});

afterAll(() => api.stop());

const collection = '/api/v1/tasks';

interface Person {
  /** Part of every text of this user, and of no other user's texts. */
  readonly name: string;
  readonly token: string;
  /** Ids of tasks in responses that this user received. */
  readonly ids: string[];
  keys: number;
}

const anyName = /person-\d+-/g;

type Work = (person: Person, round: number) => { method: string; path: string; body?: unknown; key?: boolean };

const own = ({ ids }: Person, round: number) => `${collection}/${ids[round % ids.length] ?? crypto.randomUUID()}`;

const fields = ({ name }: Person, round: number) => ({
  title: `${name} ${round}`,
  description: name,
  tags: [`${name}tag${round % 3}`],
});

const works: Work[] = [
  (person, round) => ({ method: 'POST', path: collection, body: fields(person, round) }),
  (person, round) => ({ method: 'POST', path: collection, body: fields(person, round), key: true }),
  () => ({ method: 'GET', path: `${collection}?limit=200` }),
  () => ({ method: 'GET', path: `${collection}?q=person&sort=title&due=none` }),
  () => ({ method: 'GET', path: '/api/v1/tags' }),
  (person, round) => ({ method: 'GET', path: own(person, round) }),
  (person, round) => ({ method: 'PATCH', path: own(person, round), body: { status: round % 2 ? 'Done' : 'Todo' } }),
  (person, round) => ({ method: 'PUT', path: own(person, round), body: fields(person, round) }),
  (person, round) => ({ method: 'DELETE', path: own(person, round), key: round % 2 === 0 }),
  (person, round) => ({
    method: 'POST',
    path: `${collection}/batch`,
    body: {
      operations: [
        { op: 'create', task: fields(person, round) },
        { op: 'update', id: own(person, round).slice(collection.length + 1), patch: { priority: 'High' } },
      ],
    },
  }),
];

test('no response contains data of another user, and afterwards the pool has all its connections', async () => {
  const people: Person[] = Array.from({ length: users }, (_, index) => {
    const name = `person-${index}-`;
    return { name, token: api.token(name), ids: [], keys: 0 };
  });
  const statuses: Record<number, number> = {};
  let sent = 0;
  let cut = 0;

  const send = async (person: Person, round: number) => {
    const { method, path, body, key } = (works[round % works.length] as Work)(person, round);
    if (key) person.keys += 1;
    const abort = new AbortController();
    if (round % 5 === 0) void delay(Math.random() * 6).then(() => abort.abort());
    const answer = await fetch(`${api.url}${path}`, {
      method,
      signal: abort.signal,
      headers: {
        Authorization: `Bearer ${person.token}`,
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
        // All users use the same keys.
        ...(key && { 'Idempotency-Key': `key-${person.keys}` }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    }).then(
      async (response) => ({ status: response.status, text: await response.text() }),
      () => null,
    );
    if (!answer) {
      cut += 1;
      return;
    }
    statuses[answer.status] = (statuses[answer.status] ?? 0) + 1;
    for (const [name] of answer.text.matchAll(anyName)) {
      if (name !== person.name) expect.fail(`${method} ${path} of ${person.name} was answered with ${answer.text}`);
    }
    if (answer.status === 201) person.ids.push(JSON.parse(answer.text).id);
    expect([200, 201, 204, 404, 409], answer.text).toContain(answer.status);
  };

  const worker = async () => {
    while (sent < requests) {
      const round = sent;
      sent += 1;
      const person = people[Math.floor(Math.random() * users)] as Person;
      await send(person, round).catch((error: Error) => {
        if (error.name !== 'AbortError') throw error;
        cut += 1;
      });
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));

  expect(cut).toBeGreaterThan(requests / 100);
  expect(statuses[200]).toBeGreaterThan(requests / 10);
  expect(statuses[201]).toBeGreaterThan(requests / 20);
  await poolIsWhole();
  const strays = await api.database.query(
    `select owner_id, title from todo.tasks where title not like owner_id || '%'
     union all select owner_id, name from todo.tags where name not like owner_id || '%'
     union all select owner_id, body from todo.idempotency_keys
       where body like '%"owner_id":%' and body not like '%"owner_id":"' || owner_id || '"%'
     union all select owner_id, content::text from todo.deleted where content->>'title' not like owner_id || '%'
     union all select owner_id, fields::text from todo.changes where fields->'title'->>1 not like owner_id || '%'`,
  );
  expect(strays).toEqual([]);
}, 240_000);

/** Checks that every connection is in the pool, without the identity of a user. */
async function poolIsWhole(): Promise<void> {
  const { pool } = api.database.driver;
  await vi.waitUntil(() => pool.idleCount === pool.totalCount && pool.waitingCount === 0, 10_000);
  expect(pool.totalCount).toBe(connections);
  const clients = await Promise.all(Array.from({ length: connections }, () => pool.connect()));
  for (const client of clients) {
    const { rows } = await client.query(
      `select current_user = session_user as itself, coalesce(current_setting('app.user_id', true), '') as "user",
              (select count(*) from pg_locks where pid = pg_backend_pid() and locktype = 'advisory')::int as locks`,
    );
    expect(rows).toEqual([{ itself: true, user: '', locks: 0 }]);
    client.release();
  }
}

test('a connection returns to the pool without an identity, whatever the outcome of its round trip', async () => {
  const ada = api.user();
  const { body: task } = await ada.post(collection, { title: 'x' });
  const path = `${collection}/${task.id}`;
  const operations = [
    { op: 'update', id: task.id, patch: { title: 'y' } },
    { op: 'delete', id: crypto.randomUUID() },
  ];
  const outcomes = [
    () => ada.get(path),
    () => ada.patch(path, { title: 'y' }, { 'If-Match': '"9"' }),
    () => ada.patch(path, { due: { time: '10:00' } }),
    () => ada.patch(path, { due: { time: '10:00' } }, { 'Idempotency-Key': 'k' }),
    () => ada.post(`${collection}/batch`, { operations }),
    () => ada.post(`${collection}/batch`, { operations }, { 'Idempotency-Key': 'b' }),
    () => ada.post(collection, { id: task.id, title: 'other' }, { 'Idempotency-Key': 'c' }),
  ];
  for (const [index, outcome] of outcomes.entries()) {
    expect((await outcome()).status).toBe([200, 412, 422, 422, 404, 404, 409][index]);
    await poolIsWhole();
  }
});
