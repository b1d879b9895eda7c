/** `wait` of `GET /api/v1/changes`: a request that waits for the next change. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pollLimits } from '../../src/changes/wait-for-changes.ts';
import { type Answer, type Client, startApi, type TestApi } from '../support/api.ts';
import { databaseKind, isPooled } from '../support/databases.ts';
import { allTasks, SyncedCopy } from '../support/synced-copy.ts';

let api: TestApi;

beforeAll(async () => {
  // One connection: a waiting request that held it would stop all others.
  api = await startApi({ keep: true, environment: { DATABASE_POOL_MAX: '1' } });
});

afterAll(() => api.stop());

const create = (client: Client, title: string) => client.post('/api/v1/tasks', { title });

/** A new user with a copy of their tasks. */
async function synced(at = api): Promise<{ user: Client; copy: SyncedCopy }> {
  const user = at.user();
  await create(user, 'one');
  return { user, copy: await new SyncedCopy().catchUp(user) };
}

/** One request more than may wait. The last one to arrive is rejected, and then the others wait. */
async function allThatMayWait({ user, copy }: { user: Client; copy: SyncedCopy }) {
  const requests = Array.from({ length: pollLimits.maxPerUser + 1 }, async (_, index) => {
    const answer = await user.get(copy.nextPath({ wait: 30 }));
    return { index, answer };
  });
  const { index, answer } = await Promise.race(requests);
  const waiting = requests.filter((_, each) => each !== index).map(async (request) => (await request).answer);
  return { rejected: answer, waiting };
}

const titlesOf = ({ body }: Answer) => body.changes.map((change: any) => change.task?.title ?? change.id);

test('the response comes at the next change', async () => {
  const { user, copy } = await synced();
  for (const title of ['two', 'three']) {
    const [page] = await Promise.all([copy.readPage(user, { wait: 30 }), create(user, title)]);
    expect(page.changes).toMatchObject([{ op: 'put', task: { title } }]);
  }
  expect(copy.list).toEqual(await allTasks(user));
});

test('a change of another user does not end it, and after the time the response has no changes', async () => {
  const { user, copy } = await synced();
  const before = copy.cursor;
  const [page] = await Promise.all([copy.readPage(user, { wait: 1 }), create(api.user(), 'of another user')]);
  expect(page).toEqual({ reset: false, changes: [], cursor: before, has_more: false });
});

test('a change between the read and the wait ends it', async () => {
  let write: (() => Promise<unknown>) | undefined;
  const slow = await startApi({
    asUser: (database) => ({
      ...database,
      async run(principal, statements, ...options) {
        const rows = await database.run(principal, statements, ...options);
        const between = statements[0]?.statement.name === 'changes_read' ? write : undefined;
        if (between) write = undefined;
        await between?.();
        return rows;
      },
    }),
  });
  const { user, copy } = await synced(slow);
  write = () => create(user, 'two');
  const page = await copy.readPage(user, { wait: 30 });
  expect(page.changes).toMatchObject([{ op: 'put', task: { title: 'two' } }]);
});

test('no request waits for a snapshot, for changes that exist, or for a reset', async () => {
  const { user, copy } = await synced();
  expect((await user.get('/api/v1/changes?wait=30')).body.changes).toHaveLength(1);
  await create(user, 'two');
  expect(titlesOf(await user.get(copy.nextPath({ wait: 30 })))).toEqual(['two']);
  expect((await api.user().get(copy.nextPath({ wait: 30 }))).body.reset).toBe(true);
});

test('a user without changes can wait for the first one', async () => {
  const user = api.user();
  const copy = await new SyncedCopy().catchUp(user);
  const [page] = await Promise.all([copy.readPage(user, { wait: 30 }), create(user, 'first')]);
  expect(page.changes).toMatchObject([{ op: 'put', task: { title: 'first' } }]);
});

test('wait is from 0 to 30', async () => {
  const { user, copy } = await synced();
  for (const wait of ['-1', '31', 'x', '1.5', '']) {
    const { status, body } = await user.get(copy.nextPath({ wait }));
    expect([status, body.errors[0].pointer], wait).toEqual([422, 'wait']);
  }
});

describe('the requests of a user that wait', () => {
  test('are ten at most; the others do not wait for a connection, and all get the change', async () => {
    const reader = await synced();
    const { rejected, waiting } = await allThatMayWait(reader);
    expect(rejected).toMatchObject({ status: 429, body: { code: 'rate_limited' } });
    expect(rejected.headers.get('retry-after')).toBe('60');
    // Other users, and requests that do not wait, are not limited.
    expect((await reader.user.get(reader.copy.nextPath())).status).toBe(200);
    const other = await synced();
    const [page] = await Promise.all([other.copy.readPage(other.user, { wait: 30 }), create(other.user, 'two')]);
    expect(page.changes).toHaveLength(1);
    await create(reader.user, 'two');
    for (const answer of await Promise.all(waiting)) expect(titlesOf(answer)).toEqual(['two']);
  });

  test('end when their clients close the connection', async () => {
    const { user, copy } = await synced();
    const closing = new AbortController();
    const headers = { Authorization: `Bearer ${api.token(user.userId as string)}` };
    const url = `${api.url}${copy.nextPath({ wait: 30 })}`;
    const statuses: number[] = [];
    const requests = Array.from({ length: pollLimits.maxPerUser + 1 }, async () => {
      const { status } = await fetch(url, { headers, signal: closing.signal });
      statuses.push(status);
    });
    await Promise.race(requests);
    expect(statuses).toEqual([429]);
    closing.abort();
    await Promise.allSettled(requests);
    // The server notices the closed connections a little later.
    while ((await user.get(copy.nextPath({ wait: 1 }))).status === 429);
  });

  test('end at the shutdown of the server with a response', async () => {
    const stopping = await startApi();
    const { waiting } = await allThatMayWait(await synced(stopping));
    expect(await stopping.stop()).toBe(true);
    for (const { status, body } of await Promise.all(waiting)) {
      expect([status, body.changes]).toEqual([200, []]);
    }
  });
});

describe.skipIf(databaseKind === 'embedded' || isPooled)('on PostgreSQL', () => {
  test('a change through another server ends the wait', async () => {
    const second = await startApi({ beside: api });
    const { user, copy } = await synced();
    const writer = second.user(user.userId as string);
    const [page] = await Promise.all([copy.readPage(user, { wait: 30 }), create(writer, 'two')]);
    expect(page.changes).toMatchObject([{ op: 'put', task: { title: 'two' } }]);
  });
});
