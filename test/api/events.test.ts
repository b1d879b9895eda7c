/** The event stream: resumption, wake-ups, ends, and limits. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { maxStreamsPerUser } from '../../src/changes/events/open-streams.ts';
import { type Client, startApi, type TestApi } from '../support/api.ts';
import { databaseKind } from '../support/databases.ts';
import { type EventStream, openStream, type StreamedEvent, type StreamOptions } from '../support/event-stream.ts';
import { silentClient } from '../support/silent-client.ts';

let api: TestApi;

beforeAll(async () => {
  api = await startApi({ keep: true, environment: { CORS_ORIGINS: 'https://app.example.com' } });
});

afterAll(() => api.stop());

const streamOf = (user: Client, options?: StreamOptions) =>
  openStream(api.url, api.token(user.userId as string), options);

/** A stream that has begun, and the cursor of its first event. */
async function startedStream(user: Client): Promise<{ stream: EventStream; cursor: string }> {
  const stream = await streamOf(user);
  const first = await stream.next();
  return { stream, cursor: first?.id as string };
}

async function create(user: Client, title: string): Promise<{ id: string; version: number }> {
  const { body } = await user.post('/api/v1/tasks', { title });
  return body;
}

describe('a stream', () => {
  test('starts at the present, with a comment and the cursor, and delivers the changes after it', async () => {
    const user = api.user();
    await create(user, 'Earlier');
    const stream = await streamOf(user);
    expect(stream.response.status).toBe(200);
    expect(Object.fromEntries(stream.response.headers)).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    });
    const first = await stream.next();
    expect(first).toMatchObject({ event: 'changes', data: { reset: false, changes: [], has_more: false } });
    expect(first?.id).toBe(first?.data.cursor);
    expect(stream.text()).toMatch(/^:\n\n/);

    const task = await create(user, 'Later');
    const second = await stream.next();
    expect(second?.event).toBe('changes');
    expect(second?.data.changes).toEqual([{ type: 'task', op: 'put', task }]);
    await user.delete(`/api/v1/tasks/${task.id}`);
    const third = await stream.next();
    expect(third?.data.changes).toEqual([{ type: 'task', op: 'remove', id: task.id, version: 2 }]);
    expect(third?.id).toBe(third?.data.cursor);
  });

  test('has the same bodies as GET /changes', async () => {
    const user = api.user();
    const { stream, cursor } = await startedStream(user);
    await create(user, 'One');
    const streamed = await stream.next();
    expect((await user.get(`/api/v1/changes?since=${cursor}`)).body).toEqual(streamed?.data);
  });

  test('resumes after `since`, and after Last-Event-ID if it has both', async () => {
    const user = api.user();
    const { stream, cursor } = await startedStream(user);
    const one = await create(user, 'One');
    const afterOne = await stream.next();
    stream.close();
    const two = await create(user, 'Two');
    const titles = (event: StreamedEvent | undefined) => event?.data.changes.map((change: any) => change.task);
    const bySince = await streamOf(user, { query: `?since=${cursor}` });
    expect(titles(await bySince.next())).toEqual([one, two]);
    const byHeader = await streamOf(user, { query: `?since=${cursor}`, lastEventId: afterOne?.id });
    expect(titles(await byHeader.next())).toEqual([two]);
  });

  test('begins with a reset and a snapshot if the cursor can no longer be served', async () => {
    const { cursor } = await startedStream(api.user());
    const other = api.user();
    const task = await create(other, 'Mine');
    const stream = await streamOf(other, { lastEventId: cursor });
    expect(await stream.next()).toMatchObject({ event: 'reset', id: undefined });
    expect((await stream.next())?.data).toMatchObject({ reset: true, changes: [{ op: 'put', task }] });
  });

  test('does not show the changes of other users', async () => {
    const [ada, eve] = [api.user(), api.user()];
    const { stream } = await startedStream(eve);
    await create(ada, 'Ada’s');
    const own = await create(eve, 'Eve’s');
    expect((await stream.next())?.data.changes).toEqual([{ type: 'task', op: 'put', task: own }]);
  });

  test('delivers every change to a client that is cut off after any number of bytes and resumes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 1_500 }), { minLength: 3, maxLength: 8 }), async (cuts) => {
        const user = api.user();
        const first = await startedStream(user);
        first.stream.close();
        let { cursor } = first;
        const versions = new Map<string, number>();
        const apply = (event: StreamedEvent) => {
          cursor = event.id ?? cursor;
          for (const { task } of event.data.changes) versions.set(task.id, task.version);
        };
        const expected = new Map<string, number>();
        for (const maxBytes of cuts) {
          const connection = await streamOf(user, { lastEventId: cursor, maxBytes });
          const task = await create(user, 'Buy milk');
          const { body } = await user.patch(`/api/v1/tasks/${task.id}`, { status: 'Done' });
          expected.set(task.id, body.version);
          // A client that the cut leaves enough bytes for the change is closed by the next one.
          const received = connection.rest();
          const probe = await streamOf(user, { lastEventId: cursor });
          await probe.next();
          // A user may have ten streams.
          probe.close();
          connection.close();
          for (const event of await received) apply(event);
        }
        const last = await streamOf(user, { lastEventId: cursor });
        for (let more = true; more; ) {
          const event = (await last.next()) as StreamedEvent;
          apply(event);
          more = event.data.has_more;
        }
        last.close();
        expect(versions).toEqual(expected);
      }),
      { numRuns: 5 },
    );
  });
});

test('a client that does not read costs one page: the server reads the next one when the client reads', async () => {
  const pages = { read: 0 };
  const own = await startApi({
    asUser: (database) => ({
      ...database,
      run: (...call) => {
        if (call[1].some(({ statement }) => statement.name === 'changes_read')) pages.read += 1;
        return database.run(...call);
      },
    }),
  });
  const user = own.user('ada');
  const { body } = await user.get('/api/v1/changes');
  // 40 pages of 1 MB. The operating system buffers some of them for a connection.
  const count = 4_000;
  await own.database.query(
    `insert into todo.tasks (owner_id, id, seq, title, description)
     select 'ada', gen_random_uuid(), n, 'x', repeat('x', 10000) from generate_series(1, ${count}) as n`,
  );
  await own.database.query(`update todo.heads set seq = ${count} where owner_id = 'ada'`);
  const head = `GET /api/v1/events?since=${body.cursor} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${own.token('ada')}\r\n\r\n`;
  pages.read = 0;
  const client = await silentClient(own.url, head);
  let before = 0;
  await expect
    .poll(
      () => {
        const isStalled = pages.read > 0 && pages.read === before;
        before = pages.read;
        return isStalled;
      },
      { interval: 500 },
    )
    .toBe(true);
  expect(pages.read).toBeLessThan(30);

  const put = '"op":"put"';
  let received = 0;
  let rest = '';
  client.socket
    .setEncoding('utf8')
    .on('data', (text: string) => {
      const pieces = `${rest}${text}`.split(put);
      received += pieces.length - 1;
      rest = pieces.at(-1)?.slice(1 - put.length) ?? '';
    })
    .resume();
  await expect.poll(() => received).toBe(count);
  expect(pages.read).toBeGreaterThanOrEqual(40);
});

describe('a stream ends', () => {
  test('when the token expires', async () => {
    const { userId } = api.user();
    // Tokens are valid until 30 s after `exp`.
    const token = api.token(userId as string, { exp: Math.floor(Date.now() / 1000) - 27 });
    const stream = await openStream(api.url, token);
    const events = await stream.rest();
    expect(events.at(-1)).toMatchObject({ event: 'end', id: undefined, data: { reason: 'token_expired' } });
    expect(stream.text()).toMatch(/\nretry: \d+\n/);
  });

  test('when the server stops, which does not wait for it', async () => {
    const own = await startApi();
    const streams = await Promise.all(['ada', 'eve'].map((name) => openStream(own.url, own.token(name))));
    for (const stream of streams) await stream.next();
    expect(await own.stop()).toBe(true);
    for (const stream of streams)
      expect(await stream.rest()).toMatchObject([{ event: 'end', data: { reason: 'shutdown' } }]);
    const ends = own.log.filter(({ event }) => event === 'stream_ended');
    expect(ends).toMatchObject([{ reason: 'shutdown' }, { reason: 'shutdown' }]);
    // The streams open at the same time, so they end in any order.
    const ids = streams.map(({ response }) => response.headers.get('x-request-id'));
    expect(ends.map(({ request_id }) => request_id).sort()).toEqual(ids.sort());
  });

  test('when the changes cannot be read', async () => {
    let isBroken = false;
    const own = await startApi({
      asUser: (database) => ({
        ...database,
        run: (...call) => {
          if (isBroken && call[1].some(({ statement }) => statement.name === 'changes_read')) throw new Error('broken');
          return database.run(...call);
        },
      }),
    });
    const user = own.user();
    const stream = await openStream(own.url, own.token(user.userId as string));
    await stream.next();
    isBroken = true;
    await create(user, 'x');
    expect(await stream.rest()).toMatchObject([{ event: 'end', data: { reason: 'unavailable' } }]);
    await expect
      .poll(() => own.log.find(({ event }) => event === 'stream_ended'))
      .toMatchObject({ level: 40, code: 'internal_error' });
  });
});

describe('limits', () => {
  test('the eleventh stream of a user gets 429 until another one is closed', async () => {
    const user = api.user();
    const streams = await Promise.all(Array.from({ length: maxStreamsPerUser }, () => startedStream(user)));
    const answer = await user.get('/api/v1/events');
    expect(answer).toMatchObject({ status: 429, body: { code: 'rate_limited' } });
    expect(answer.headers.get('retry-after')).toBeTruthy();
    expect((await api.user().get('/api/v1/events')).status).toBe(200);
    streams[0]?.stream.close();
    await expect.poll(async () => (await user.get('/api/v1/events')).status).toBe(200);
  });

  test('HEAD has the headers of the stream and opens none', async () => {
    const user = api.user();
    for (let count = 0; count <= maxStreamsPerUser; count += 1) {
      const { status, headers, text } = await user.request('HEAD', '/api/v1/events');
      expect({ status, text }).toEqual({ status: 200, text: '' });
      expect(headers.get('content-type')).toBe('text/event-stream');
    }
    expect((await user.get('/api/v1/events')).status).toBe(200);
  });

  test('a cursor that is not of this server is rejected, with its place', async () => {
    const user = api.user();
    expect(await user.get('/api/v1/events?since=x')).toMatchObject({
      status: 422,
      body: { errors: [{ in: 'query', pointer: 'since' }] },
    });
    expect(await user.get('/api/v1/events', { 'Last-Event-ID': 'x' })).toMatchObject({
      status: 422,
      body: { errors: [{ in: 'header', pointer: 'last-event-id' }] },
    });
  });

  test('the token counts in the Authorization header only', async () => {
    const token = api.token('ada');
    const stream = await openStream(api.url, null, { query: `?access_token=${token}` });
    expect(stream.response.status).toBe(401);
    expect((await api.user('ada', { scope: 'tasks:write' }).get('/api/v1/events')).status).toBe(403);
  });

  test('a page of a configured origin can read a stream and resume it', async () => {
    const origin = { Origin: 'https://app.example.com' };
    const preflight = await api.anonymous().request('OPTIONS', '/api/v1/events', {
      headers: { ...origin, 'Access-Control-Request-Method': 'GET', 'Access-Control-Request-Headers': 'last-event-id' },
    });
    expect(preflight.headers.get('access-control-allow-headers')).toMatch(/last-event-id/i);
    const { headers, text } = await api.user().get('/api/v1/events', origin);
    expect(headers.get('access-control-allow-origin')).toBe(origin.Origin);
    expect(headers.get('cache-control')).toBe('no-store, no-transform');
    expect(text).toContain('event: changes');
  });
});

describe.skipIf(databaseKind === 'embedded')('with two servers on one database', () => {
  test('a stream of one delivers the changes of the other', async () => {
    const other = await startApi({ beside: api });
    const user = api.user();
    const { stream } = await startedStream(user);
    const task = await create(other.user(user.userId as string), 'Elsewhere');
    expect((await stream.next())?.data.changes).toEqual([{ type: 'task', op: 'put', task }]);
  });
});
