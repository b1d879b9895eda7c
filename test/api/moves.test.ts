/** Moves: the manual order of tasks, and their way into other lists and below other parents. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type Answer, type Client, startApi, type TestApi } from '../support/api.ts';
import { insertList } from '../support/lists.ts';

let api: TestApi;

beforeAll(async () => {
  api = await startApi({ keep: true });
});

afterAll(() => api.stop());

const tasks = '/api/v1/tasks';
const unknownId = '0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4d';

async function create(user: Client, title: string, fields: object = {}): Promise<any> {
  const { status, body, text } = await user.post(tasks, { title, ...fields });
  expect(status, text).toBe(201);
  return body;
}

const move = (user: Client, id: string, body: object, headers = {}): Promise<Answer> =>
  user.post(`${tasks}/${id}/move`, body, headers);

/** The titles in manual order. */
async function orderOf(user: Client, query = ''): Promise<string> {
  const { body } = await user.get(`${tasks}?sort=position&limit=200${query}`);
  return body.map(({ title }: any) => title).join('');
}

/** Tasks with these letters as titles. */
async function createAll(user: Client, letters: string, fields: object = {}): Promise<Record<string, any>> {
  const all: Record<string, any> = {};
  for (const letter of letters) all[letter] = await create(user, letter, fields);
  return all;
}

describe('a move', () => {
  test.each<[string, (id: (letter: string) => string) => object, order: string]>([
    ['c to the start', () => ({ to: 'start' }), 'cabd'],
    ['c to the end', () => ({ to: 'end' }), 'abdc'],
    ['c before a', (id) => ({ before: id('a') }), 'cabd'],
    ['c before b', (id) => ({ before: id('b') }), 'acbd'],
    ['c after a', (id) => ({ after: id('a') }), 'acbd'],
    ['c after d', (id) => ({ after: id('d') }), 'abdc'],
  ])('of %s changes its position only', async (_, bodyOf, order) => {
    const ada = api.user();
    const all = await createAll(ada, 'abcd');
    const { status, body, headers } = await move(
      ada,
      all.c.id,
      bodyOf((letter) => all[letter].id),
    );
    expect(status).toBe(200);
    expect(body).toEqual({ ...all.c, position: body.position, version: 2, updated_at: body.updated_at });
    expect(headers.get('etag')).toBe('"2"');
    expect(await orderOf(ada)).toBe(order);
    const { body: history } = await ada.get(`${tasks}/${all.c.id}/history`);
    expect(history[0]).toMatchObject({
      change_set: headers.get('change-set'),
      changes: { position: { from: all.c.position, to: body.position } },
    });
    expect((await ada.get(`${tasks}/${all.a.id}`)).body).toEqual(all.a);
  });

  test.each<[string, (id: (letter: string) => string) => object]>([
    ['after its predecessor', (id) => ({ after: id('a') })],
    ['before its successor', (id) => ({ before: id('c') })],
  ])('to where the task is, %s, changes nothing', async (_, bodyOf) => {
    const ada = api.user();
    const all = await createAll(ada, 'abc');
    expect(
      (
        await move(
          ada,
          all.b.id,
          bodyOf((letter) => all[letter].id),
        )
      ).body,
    ).toEqual(all.b);
  });

  test('beside a sibling elsewhere takes its list and its parent', async () => {
    const ada = api.user();
    const list_id = await insertList(api, ada);
    const parent = await create(ada, 'p', { list_id });
    const below = await createAll(ada, 'xy', { list_id, parent_id: parent.id });
    const task = await create(ada, 't');
    const { body } = await move(ada, task.id, { before: below.y.id });
    expect(body).toMatchObject({ list_id, parent_id: parent.id });
    expect(await orderOf(ada, `&parent_id=${parent.id}`)).toBe('xty');
  });

  test('below another parent takes its list, and to another list takes the subtasks along', async () => {
    const ada = api.user();
    const [home, work] = [await insertList(api, ada), await insertList(api, ada)] as const;
    const parent = await create(ada, 'p', { list_id: home });
    const task = await create(ada, 't');
    const child = await create(ada, 'c', { parent_id: task.id });
    expect((await move(ada, task.id, { parent_id: parent.id, to: 'end' })).body).toMatchObject({
      list_id: home,
      parent_id: parent.id,
    });
    expect((await ada.get(`${tasks}/${child.id}`)).body).toMatchObject({ list_id: home, parent_id: task.id });
    await move(ada, parent.id, { list_id: work, to: 'start' });
    expect(await orderOf(ada, `&list_id=${work}`)).toHaveLength(3);
    expect((await move(ada, task.id, { list_id: null, parent_id: null, to: 'start' })).body).toMatchObject({
      list_id: null,
      parent_id: null,
    });
  });

  test('happens once per Idempotency-Key, and only if If-Match matches', async () => {
    const ada = api.user();
    const all = await createAll(ada, 'abc');
    const first = await move(ada, all.a.id, { to: 'end' }, { 'Idempotency-Key': 'k', 'If-Match': '"1"' });
    expect(first.status).toBe(200);
    await move(ada, all.b.id, { to: 'end' });
    const again = await move(ada, all.a.id, { to: 'end' }, { 'Idempotency-Key': 'k' });
    expect(again.text).toBe(first.text);
    expect(await orderOf(ada)).toBe('cab');
    const { status, body } = await move(ada, all.a.id, { to: 'end' }, { 'If-Match': '"1"' });
    expect({ status, code: body.code, current: body.current_version }).toEqual({
      status: 412,
      code: 'version_mismatch',
      current: 2,
    });
  });

  test('of a task that does not exist or belongs to another user is the same 404', async () => {
    const [ada, bob] = [api.user(), api.user()];
    const theirs = await create(bob, 't');
    for (const id of [unknownId, theirs.id]) {
      const { status, body } = await move(ada, id, { to: 'end' });
      expect({ status, code: body.code }).toEqual({ status: 404, code: 'task_not_found' });
    }
  });
});

describe('a move is rejected', () => {
  const errorsOf = ({ status, body }: Answer) => ({
    status,
    places: body.errors?.map((error: any) => `${error.in} ${error.pointer}`),
  });

  test.each([
    [{}, '/to'],
    [{ list_id: null }, '/to'],
    [{ before: unknownId, to: 'end' }, '/to'],
    [{ before: unknownId, after: unknownId }, '/after'],
    [{ to: 'middle' }, '/to'],
    [{ before: null }, '/before'],
    [{ to: 'end', position: 'a0' }, '/position'],
  ])('with the body %j', async (body, pointer) => {
    const ada = api.user();
    const { id } = await create(ada, 't');
    expect(errorsOf(await move(ada, id, body))).toEqual({ status: 422, places: [`body ${pointer}`] });
  });

  test('beside a task that does not exist, belongs to another user, is in the trash, or is the task itself', async () => {
    const [ada, bob] = [api.user(), api.user()];
    const all = await createAll(ada, 'ab');
    const theirs = await create(bob, 't');
    await ada.delete(`${tasks}/${all.b.id}`);
    for (const id of [unknownId, theirs.id, all.b.id, all.a.id]) {
      expect(errorsOf(await move(ada, all.a.id, { after: id }))).toEqual({ status: 422, places: ['body /after'] });
    }
  });

  test('beside a task in another list than the named one, or below another parent', async () => {
    const ada = api.user();
    const list_id = await insertList(api, ada);
    const all = await createAll(ada, 'ab');
    const parent = await create(ada, 'p', { list_id });
    for (const place of [{ list_id }, { list_id, parent_id: parent.id }]) {
      const answer = await move(ada, all.a.id, { ...place, before: all.b.id });
      expect(errorsOf(answer)).toEqual({ status: 422, places: ['body /before'] });
      expect(answer.body.detail).toMatch(/omit list_id and parent_id/);
    }
  });

  test('into a cycle, named as parent or by a sibling', async () => {
    const ada = api.user();
    const a = await create(ada, 'a');
    const b = await create(ada, 'b', { parent_id: a.id });
    const c = await create(ada, 'c', { parent_id: b.id });
    expect(errorsOf(await move(ada, a.id, { parent_id: c.id, to: 'end' })).places).toEqual(['body /parent_id']);
    expect(errorsOf(await move(ada, a.id, { after: c.id })).places).toEqual(['body /after']);
  });

  test('into a list without the parent that stays', async () => {
    const ada = api.user();
    const list_id = await insertList(api, ada);
    const a = await create(ada, 'a');
    const b = await create(ada, 'b', { parent_id: a.id });
    expect(errorsOf(await move(ada, b.id, { list_id, to: 'end' })).places).toEqual(['body /list_id']);
  });
});

describe('between equal positions', () => {
  test('the next sibling gets a new position in the same change set', async () => {
    const ada = api.user();
    const all = await createAll(ada, 'ab', { position: 'a0' });
    const [first, second] = Object.values(all).sort((one, other) => (one.id < other.id ? -1 : 1));
    const third = await create(ada, 'c');
    const answer = await move(ada, third.id, { after: first.id });
    expect(await orderOf(ada)).toBe(`${first.title}c${second.title}`);
    const { body } = await ada.get(`${tasks}/${second.id}/history`);
    expect(body[0]).toMatchObject({ version: 2, change_set: answer.headers.get('change-set') });
    expect((await ada.get(`${tasks}/${first.id}`)).body).toEqual(first);
  });

  test('the siblings get new positions if three have the same', async () => {
    const ada = api.user();
    const all = await createAll(ada, 'abc', { position: 'a0' });
    const sorted = Object.values(all).sort((one, other) => (one.id < other.id ? -1 : 1));
    const last = await create(ada, 'x');
    await move(ada, last.id, { before: sorted[1].id });
    expect(await orderOf(ada)).toBe(`${sorted[0].title}x${sorted[1].title}${sorted[2].title}`);
  });
});

test('positions stay below 100 characters if each task moves to the same place', async () => {
  const ada = api.user();
  const all = await createAll(ada, 'abc');
  await ada.patch(`${tasks}/${all.b.id}`, { position: `a0${'0'.repeat(97)}1` });
  const answer = await move(ada, all.c.id, { before: all.b.id });
  expect(answer.body.position).toBe('a0V');
  expect(await orderOf(ada)).toBe('acb');
  expect((await ada.get(`${tasks}/${all.b.id}/history`)).body[0]).toMatchObject({
    change_set: answer.headers.get('change-set'),
    changes: { position: { to: 'a1' } },
  });
});

test('any sequence of moves, also between equal positions, gives the order of an array', async () => {
  const place = fc.constantFrom('before', 'after', 'start', 'end', 'equal');
  const index = fc.integer({ min: 0, max: 5 });
  const steps = fc.array(fc.record({ place, moved: index, neighbour: index }), { minLength: 1, maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(steps, async (sequence) => {
      const ada = api.user();
      const all = await createAll(ada, 'abcdef');
      const order = Object.values(all).map(({ id }) => id);
      for (const step of sequence) {
        const [moved, neighbour] = [order[step.moved], order[step.neighbour]] as [string, string];
        if (step.place === 'equal') {
          const { position } = (await ada.get(`${tasks}/${neighbour}`)).body;
          await ada.patch(`${tasks}/${moved}`, { position });
          const { body } = await ada.get(`${tasks}?sort=position`);
          order.splice(0, order.length, ...body.map(({ id }: any) => id));
          continue;
        }
        const isBeside = step.place === 'before' || step.place === 'after';
        if (isBeside && moved === neighbour) continue;
        const { status } = await move(ada, moved, isBeside ? { [step.place]: neighbour } : { to: step.place });
        expect(status).toBe(200);
        order.splice(step.moved, 1);
        const target = { before: 0, after: 1, start: 0, end: order.length }[step.place] as number;
        order.splice(isBeside ? order.indexOf(neighbour) + target : target, 0, moved);
        const { body } = await ada.get(`${tasks}?sort=position`);
        expect(body.map(({ id }: any) => id)).toEqual(order);
      }
    }),
    { numRuns: 20 },
  );
}, 120_000);

const randomMoves = process.env.SAMPLES === 'many' ? 10_000 : 400;

test(`${randomMoves} random moves by two clients leave one order, with short positions`, async () => {
  const one = api.user();
  const two = api.user(one.userId as string);
  const list_id = await insertList(api, one);
  const ids: string[] = [];
  for (let count = 0; count < 40; count += 1) {
    ids.push((await create(one, 'x', { list_id: count % 2 ? list_id : null })).id);
  }
  const random = (length: number) => Math.floor(Math.random() * length);
  const randomMove = async (client: Client) => {
    const [moved, other] = [ids[random(ids.length)] as string, ids[random(ids.length)] as string];
    const bodies = [
      { before: other },
      { after: other },
      { to: 'start' },
      { list_id: random(2) ? list_id : null, parent_id: null, to: 'end' },
      { parent_id: other, to: 'start' },
    ];
    const { status, text } = await move(client, moved, bodies[random(bodies.length)] as object);
    // A random parent can be below the task, or too deep.
    expect([200, 422], text).toContain(status);
  };
  for (let count = 0; count < randomMoves; count += 2) await Promise.all([randomMove(one), randomMove(two)]);

  const [seen, alsoSeen] = [await one.get(`${tasks}?sort=position`), await two.get(`${tasks}?sort=position`)];
  expect(seen.body).toEqual(alsoSeen.body);
  const places = seen.body.map((task: any) => [task.list_id ?? '', task.parent_id ?? '', task.position].join());
  expect(new Set(places).size).toBe(ids.length);
  const lengths = seen.body.map(({ position }: any) => position.length);
  expect(Math.max(...lengths)).toBeLessThanOrEqual(100);
  expect(lengths.reduce((sum: number, length: number) => sum + length) / ids.length).toBeLessThan(20);
}, 600_000);

test('of two simultaneous moves through two servers that would make a cycle, one fails', async () => {
  const other = await startApi({ beside: api });
  onTestFinished(async () => void (await other.stop()));
  for (let round = 0; round < 20; round += 1) {
    const ada = api.user();
    const alsoAda = other.user(ada.userId as string);
    const { a, b } = await createAll(ada, 'ab');
    const answers = await Promise.all([
      move(ada, a.id, { parent_id: b.id, to: 'end' }),
      move(alsoAda, b.id, { parent_id: a.id, to: 'end' }),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 422]);
  }
});

test('many moves to the same place give few siblings new positions', async () => {
  const ada = api.user();
  const ids: string[] = [];
  for (let count = 0; count < 30; count += 1) ids.push((await create(ada, 'x')).id);
  const [first, second] = ids as [string, string];
  // Nearly as long as possible, so that few moves need new positions.
  await ada.patch(`${tasks}/${second}`, { position: `a0${'0'.repeat(96)}1` });
  const changes = async (id: string) => (await ada.get(`${tasks}/${id}`)).body.version - 1;
  for (let count = 0; count < 10; count += 1) await move(ada, ids.at(-1 - count) as string, { after: first });
  const { body } = await ada.get(`${tasks}?sort=position`);
  expect(body.map(({ id }: any) => id)).toEqual([first, ...ids.slice(20), ...ids.slice(1, 20)]);
  for (const id of ids.slice(2, 20)) expect(await changes(id)).toBe(0);
  expect(await changes(second)).toBe(2);
});
