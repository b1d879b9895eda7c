/** One successor, also if an occurrence is completed several times, by several devices, and at the same time. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { UserDatabase } from '../../src/database/user-database.ts';
import { type Client, startApi, type TestApi } from '../support/api.ts';
import { databaseKind } from '../support/databases.ts';
import {
  changeSetOf,
  complete,
  createRecurring,
  openDays,
  openTasks,
  read,
  setClock,
  tasks,
  undo,
} from '../support/recurring-tasks.ts';

let api: TestApi;

beforeAll(async () => {
  api = await startApi({ keep: true });
});

afterAll(() => api.stop());

const due = '2126-12-01';

/** Completes a task in every way at once, from several devices. */
async function race(devices: readonly Client[], id: string): Promise<number[]> {
  const operations = [{ op: 'update', id, patch: { status: 'Done' } }];
  const answers = await Promise.all(
    devices.flatMap((device, index) => [
      device.patch(`${tasks}/${id}`, { status: 'Done' }),
      device.patch(`${tasks}/${id}`, { status: 'Done' }, { 'Idempotency-Key': `patch-${index}-${id}` }),
      device.post(`${tasks}/batch`, { operations }),
      device.post(`${tasks}/batch`, { operations }, { 'Idempotency-Key': `batch-${index}-${id}` }),
    ]),
  );
  return answers.map(({ status }) => status);
}

test('of an occurrence that is completed many times at once', async () => {
  const ada = api.user();
  const { id } = await createRecurring(ada, 'FREQ=DAILY', due);
  for (const day of ['2126-12-02', '2126-12-03', '2126-12-04']) {
    const [task] = await openTasks(ada);
    expect(new Set(await race([ada, ada, ada], task.id))).toEqual(new Set([200]));
    expect(await openDays(ada)).toEqual([day]);
  }
  expect((await ada.get(tasks)).body).toHaveLength(4);
  expect((await ada.get(`${tasks}/${id}/history`)).body).toHaveLength(2);
});

test.skipIf(databaseKind === 'embedded')('of an occurrence that is completed through two servers at once', async () => {
  const other = await startApi({ beside: api });
  const ada = api.user();
  await createRecurring(ada, 'FREQ=DAILY', due);
  for (const day of ['2126-12-02', '2126-12-03', '2126-12-04', '2126-12-05']) {
    const [task] = await openTasks(ada);
    const devices = [ada, other.user(ada.userId as string)];
    expect(new Set(await race(devices, task.id))).toEqual(new Set([200]));
    expect(await openDays(ada)).toEqual([day]);
  }
});

test('of a completion that competes with other changes of the task', async () => {
  const ada = api.user();
  const { id } = await createRecurring(ada, 'FREQ=DAILY', due);
  const answers = await Promise.all([
    ada.patch(`${tasks}/${id}`, { status: 'Done' }),
    ada.patch(`${tasks}/${id}`, { title: 'one' }),
    ada.patch(`${tasks}/${id}`, { tags: ['two'] }),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(await openDays(ada)).toEqual(['2126-12-02']);
  expect(await read(ada, id)).toMatchObject({ title: 'one', tags: ['two'], status: 'Done' });
});

test('of a completion between whose two round trips another device changes the task', async () => {
  let change: (() => Promise<unknown>) | undefined;
  const slow = await startApi({
    asUser: (database) => ({
      ...database,
      run: (...parameters: Parameters<UserDatabase['run']>): Promise<any> =>
        database.run(...parameters).catch(async (error) => {
          const [work] = [change];
          change = undefined;
          await work?.();
          throw error;
        }),
    }),
  });
  const ada = slow.user();
  const { id } = await createRecurring(ada, 'FREQ=WEEKLY', due);
  change = () => ada.patch(`${tasks}/${id}`, { due: { date: '2126-12-10' } });
  await complete(ada, id);
  expect(change).toBeUndefined();
  expect(await openDays(ada)).toEqual(['2126-12-15']);

  const [{ id: next }] = await openTasks(ada);
  change = () => ada.patch(`${tasks}/${next}`, { title: 'New' });
  const { status } = await ada.patch(`${tasks}/${next}`, { status: 'Done' }, { 'If-Match': '"1"' });
  expect({ status, days: await openDays(ada) }).toEqual({ status: 412, days: ['2126-12-15'] });
});

test('of two completions with the same entity tag, one of which is 412', async () => {
  const ada = api.user();
  const { id } = await createRecurring(ada, 'FREQ=DAILY', due);
  const answers = await Promise.all(
    [1, 2].map(() => ada.patch(`${tasks}/${id}`, { status: 'Done' }, { 'If-Match': '"1"' })),
  );
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 412]);
  expect(await openDays(ada)).toEqual(['2126-12-02']);
});

test('of a completion that is replayed, and not of one that was refused', async () => {
  const ada = api.user();
  const { id } = await createRecurring(ada, 'FREQ=DAILY', due);
  const refused = await ada.patch(`${tasks}/${id}`, { status: 'Done' }, { 'If-Match': '"7"', 'Idempotency-Key': 'a' });
  expect(refused.status).toBe(412);
  expect(await openDays(ada)).toEqual([due]);
  const send = () => ada.patch(`${tasks}/${id}`, { status: 'Done' }, { 'Idempotency-Key': 'b' });
  const [first, second] = [await send(), await send()];
  expect(second.headers.get('idempotency-replayed')).toBe('true');
  expect({ text: second.text, changeSet: changeSetOf(second) }).toEqual({
    text: first.text,
    changeSet: changeSetOf(first),
  });
  expect(await openDays(ada)).toEqual(['2126-12-02']);
});

describe('of an occurrence that a second device completes later', () => {
  test('after the first one has completed it', async () => {
    const ada = api.user();
    const { id } = await createRecurring(ada, 'FREQ=DAILY', due);
    await complete(ada, id);
    await complete(ada, (await openTasks(ada))[0].id);
    await complete(ada, id);
    expect(await openDays(ada)).toEqual(['2126-12-03']);
  });

  test('after the user has deleted the successor', async () => {
    const ada = api.user();
    const { id } = await createRecurring(ada, 'FREQ=DAILY', due);
    await complete(ada, id);
    await ada.delete(`${tasks}/${(await openTasks(ada))[0].id}`);
    await complete(ada, id);
    expect(await openDays(ada)).toEqual([]);
  });

  test('after the first one has reopened it by hand', async () => {
    const ada = api.user();
    const { id, recurrence } = await createRecurring(ada, 'FREQ=DAILY', due);
    await complete(ada, id);
    await ada.patch(`${tasks}/${id}`, { status: 'Todo', recurrence });
    await complete(ada, id);
    expect(await openDays(ada)).toEqual(['2126-12-02']);
  });
});

describe('although its id is in use:', () => {
  test('the completion was undone, so the first successor is in the trash', async () => {
    const ada = api.user();
    const { id } = await createRecurring(ada, 'FREQ=DAILY', due);
    for (let count = 1; count <= 3; count += 1) {
      const completion = await complete(ada, id);
      expect(await openDays(ada)).toEqual(['2126-12-02']);
      expect((await undo(ada, changeSetOf(completion))).status).toBe(200);
      expect(await openDays(ada)).toEqual([due]);
    }
  });

  test('the first successor was deleted permanently', async () => {
    const ada = api.user();
    const { id } = await createRecurring(ada, 'FREQ=DAILY', due);
    const completion = await complete(ada, id);
    const [successor] = await openTasks(ada);
    await undo(ada, changeSetOf(completion));
    expect((await ada.delete(`/api/v1/trash/${successor.id}`)).status).toBe(204);
    await complete(ada, id);
    expect(await openDays(ada)).toEqual(['2126-12-02']);
  });

  test('the task itself has it, because it is completed a day early and counts from the completion', async () => {
    const ada = api.user();
    setClock('2026-12-01T12:00:00Z');
    await createRecurring(ada, { rule: 'FREQ=DAILY', from: 'Completion' }, '2026-12-01');
    for (let count = 1; count <= 3; count += 1) {
      await complete(ada, (await openTasks(ada))[0].id);
      expect(await openDays(ada)).toEqual(['2026-12-02']);
    }
  });

  test('a completed occurrence has it, because the series began again at an earlier day', async () => {
    const ada = api.user();
    await createRecurring(ada, 'FREQ=DAILY', due);
    await complete(ada, (await openTasks(ada))[0].id);
    await complete(ada, (await openTasks(ada))[0].id);
    const [{ id }] = await openTasks(ada);
    await ada.patch(`${tasks}/${id}`, { due: { date: due }, recurrence: { missed: 'Each' } });
    await complete(ada, id);
    expect(await openDays(ada)).toEqual(['2126-12-02']);
  });
});
