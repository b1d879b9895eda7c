/** Skipped occurrences, the list of the next ones, and the undo of completions. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApi, type TestApi } from '../support/api.ts';
import {
  changeSetOf,
  complete,
  createRecurring,
  openDays,
  openTasks,
  read,
  setClock,
  setParent,
  tasks,
  undo,
} from '../support/recurring-tasks.ts';

let api: TestApi;

beforeAll(async () => {
  api = await startApi({ keep: true });
});

afterAll(() => api.stop());

const unknownId = '0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4d';

describe('skip', () => {
  const skip = (user: ReturnType<TestApi['user']>, id: string, headers: Record<string, string> = {}, query = '') =>
    user.request('POST', `${tasks}/${id}/skip${query}`, { headers });

  test('moves the task to its next occurrence, with its time, in one change', async () => {
    const ada = api.user();
    const due = { date: '2126-12-03', time: '09:30', time_zone: 'Europe/Rome' };
    const task = await createRecurring(ada, 'FREQ=WEEKLY;BYDAY=TU,TH', due);
    const answer = await skip(ada, task.id);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      ...task,
      due: { ...due, date: '2126-12-05' },
      due_at: '2126-12-05T08:30:00.000000Z',
      version: 2,
      updated_at: answer.body.updated_at,
    });
    expect(answer.headers.get('etag')).toBe('"2"');
    const [change] = (await ada.get(`${tasks}/${task.id}/history`)).body;
    expect(change).toMatchObject({ change_set: changeSetOf(answer) });
    expect(Object.keys(change.changes)).toEqual(['due']);
    await undo(ada, changeSetOf(answer));
    expect(await openDays(ada)).toEqual(['2126-12-03']);
    await complete(ada, task.id);
    expect(await openDays(ada)).toEqual(['2126-12-05']);
  });

  test.each([
    ['to the first day after today', '2026-12-16', { rule: 'FREQ=DAILY;INTERVAL=3' }, '2026-12-01', '2026-12-19'],
    [
      'to the next day if each counts',
      '2026-12-16',
      { rule: 'FREQ=DAILY;INTERVAL=3', missed: 'Each' },
      '2026-12-01',
      '2026-12-04',
    ],
    [
      'to an interval after today',
      '2026-12-16',
      { rule: 'FREQ=WEEKLY', from: 'Completion' },
      '2026-12-01',
      '2026-12-23',
    ],
    ['never backwards', '2026-12-01', { rule: 'FREQ=WEEKLY', from: 'Completion' }, '2026-12-20', '2026-12-27'],
  ])('moves %s', async (_, today, recurrence, due, expected) => {
    const ada = api.user();
    setClock(`${today}T12:00:00Z`);
    const { id } = await createRecurring(ada, recurrence, due);
    expect((await skip(ada, id)).body.due).toEqual({ date: expected });
  });

  test('sees today in time_zone', async () => {
    const ada = api.user();
    setClock('2026-12-01T11:30:00Z');
    const { id } = await createRecurring(ada, 'FREQ=DAILY', '2026-11-20');
    expect((await skip(ada, id, {}, '?time_zone=Etc/GMT-14')).body.due).toEqual({ date: '2026-12-03' });
  });

  test('continues after a postponed occurrence, and the series keeps its days', async () => {
    const ada = api.user();
    const { id } = await createRecurring(ada, 'FREQ=WEEKLY', '2126-12-01');
    await ada.patch(`${tasks}/${id}`, { due: { date: '2126-12-03' } });
    expect((await skip(ada, id)).body.due).toEqual({ date: '2126-12-08' });
  });

  test('is rejected for a task that does not recur, and for the last occurrence', async () => {
    const ada = api.user();
    const { id: once } = (await ada.post(tasks, { title: 'x', due: { date: '2126-12-01' } })).body;
    const { id: last } = await createRecurring(ada, 'FREQ=DAILY;COUNT=1', '2126-12-01');
    const errors = [];
    for (const id of [once, last]) {
      const { status, body } = await skip(ada, id, { 'Idempotency-Key': id });
      errors.push([status, ...body.errors]);
    }
    expect(errors).toEqual([
      [422, { in: 'path', pointer: 'id', message: 'must be the id of a task with a recurrence' }],
      [
        422,
        {
          in: 'path',
          pointer: 'id',
          message: expect.stringContaining('must be the id of a task with another occurrence'),
        },
      ],
    ]);
  });

  test('is 404 for an unknown task, and 412 for another version', async () => {
    const ada = api.user();
    const { id } = await createRecurring(ada, 'FREQ=DAILY', '2126-12-01');
    expect((await skip(ada, unknownId)).body.code).toBe('task_not_found');
    expect((await skip(api.user(), id)).body.code).toBe('task_not_found');
    const mismatch = await skip(ada, id, { 'If-Match': '"7"' });
    expect(mismatch.body).toMatchObject({ code: 'version_mismatch', current_version: 1 });
    expect((await skip(ada, id, { 'If-Match': '"1"' })).status).toBe(200);
  });

  test('moves by one occurrence per request at the same time, and once per idempotency key', async () => {
    const ada = api.user();
    const { id } = await createRecurring(ada, 'FREQ=DAILY', '2126-12-01');
    const answers = await Promise.all([1, 2, 3].map(() => skip(ada, id)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(await openDays(ada)).toEqual(['2126-12-04']);
    const first = await skip(ada, id, { 'Idempotency-Key': 'a' });
    await complete(ada, id);
    const second = await skip(ada, id, { 'Idempotency-Key': 'a' });
    expect({ status: second.status, text: second.text }).toEqual({ status: 200, text: first.text });
  });
});

describe('the occurrences', () => {
  const occurrences = (user: ReturnType<TestApi['user']>, id: string, query = '') =>
    user.get(`${tasks}/${id}/occurrences${query}`);

  test('are the days after this one, from the anchor of the series', async () => {
    const ada = api.user();
    const task = await createRecurring(ada, 'FREQ=WEEKLY', '2126-12-01');
    await ada.patch(`${tasks}/${task.id}`, { due: { date: '2126-12-03' } });
    const { status, body } = await occurrences(ada, task.id, '?limit=3');
    expect(status).toBe(200);
    expect(body).toEqual({ recurrence: task.recurrence, days: ['2126-12-08', '2126-12-15', '2126-12-22'] });
    expect((await occurrences(ada, task.id)).body.days).toHaveLength(10);
    expect((await occurrences(ada, task.id, '?limit=100')).body.days).toHaveLength(100);
    expect(await read(ada, task.id)).toMatchObject({ version: 2 });
  });

  test('count from today in time_zone', async () => {
    const ada = api.user();
    setClock('2026-12-01T11:30:00Z');
    const { id } = await createRecurring(ada, { rule: 'FREQ=DAILY', from: 'Completion' }, '2026-11-20');
    const first = async (zone: string) => (await occurrences(ada, id, `?limit=1&time_zone=${zone}`)).body.days[0];
    expect([await first('Etc/GMT%2B12'), await first('UTC'), await first('Etc/GMT-14')]).toEqual([
      '2026-12-01',
      '2026-12-02',
      '2026-12-03',
    ]);
  });

  test('end with the series, and a task that does not recur has none', async () => {
    const ada = api.user();
    const { id } = await createRecurring(ada, 'FREQ=DAILY;COUNT=3', '2126-12-01');
    expect((await occurrences(ada, id)).body.days).toEqual(['2126-12-02', '2126-12-03']);
    await complete(ada, id);
    expect((await occurrences(ada, id)).body).toEqual({ recurrence: null, days: [] });
  });

  test.each(['limit=0', 'limit=101', 'limit=x', 'time_zone=Mars/Base', 'cursor=1'])('reject %s', async (query) => {
    const ada = api.user();
    const { id } = await createRecurring(ada, 'FREQ=DAILY', '2126-12-01');
    expect((await occurrences(ada, id, `?${query}`)).status).toBe(422);
  });

  test('of an unknown task, or one of another user, are 404', async () => {
    const ada = api.user();
    const { id } = await createRecurring(ada, 'FREQ=DAILY', '2126-12-01');
    expect((await occurrences(ada, unknownId)).status).toBe(404);
    expect((await occurrences(api.user(), id)).status).toBe(404);
  });
});

describe('the undo of a completion', () => {
  test('restores the recurrence and moves the successor to the trash; its undo is the completion again', async () => {
    const ada = api.user();
    const task = await createRecurring(ada, 'FREQ=WEEKLY', '2126-12-01', { tags: ['a'] });
    const completion = await complete(ada, task.id);
    const [successor] = await openTasks(ada);
    const undone = await undo(ada, changeSetOf(completion));
    expect(undone.body.results).toMatchObject([
      { id: task.id, status: 200, task: { status: 'Todo', recurrence: task.recurrence, series_id: task.series_id } },
      { id: successor.id, status: 204 },
    ]);
    expect((await ada.get('/api/v1/trash')).body).toMatchObject([{ task: { id: successor.id } }]);
    const redone = await undo(ada, changeSetOf(undone));
    expect(redone.status).toBe(200);
    expect(await openTasks(ada)).toMatchObject([
      {
        id: successor.id,
        due: { date: '2126-12-08' },
        tags: ['a'],
        recurrence: task.recurrence,
        series_id: task.series_id,
      },
    ]);
    expect(await read(ada, task.id)).toMatchObject({ status: 'Done', recurrence: null });
    await complete(ada, successor.id);
    expect(await openDays(ada)).toEqual(['2126-12-15']);
  });

  test('keeps the anchor of the series', async () => {
    const ada = api.user();
    const { id } = await createRecurring(ada, 'FREQ=WEEKLY', '2126-12-01');
    await ada.patch(`${tasks}/${id}`, { due: { date: '2126-12-03' } });
    await undo(ada, changeSetOf(await complete(ada, id)));
    await complete(ada, id);
    expect(await openDays(ada)).toEqual(['2126-12-08']);
  });

  test('reopens the subtasks with their recurrences, and deletes their copies', async () => {
    const ada = api.user();
    const parent = await createRecurring(ada, 'FREQ=WEEKLY', '2126-12-02', { title: 'week' });
    const child = await createRecurring(ada, 'FREQ=DAILY', '2126-12-01', { title: 'day' });
    await setParent(api, ada, child.id, parent.id);
    const before = await openTasks(ada);
    const completion = await complete(ada, parent.id);
    expect(await openDays(ada)).toEqual(['2126-12-08', '2126-12-09']);
    expect((await undo(ada, changeSetOf(completion))).status).toBe(200);
    const after = await openTasks(ada);
    const fields = ({ version: _, updated_at: __, ...rest }: any) => rest;
    expect(after.map(fields)).toEqual(before.map(fields));
  });

  test('conflicts if the successor was deleted since', async () => {
    const ada = api.user();
    const { id } = await createRecurring(ada, 'FREQ=WEEKLY', '2126-12-01');
    const completion = await complete(ada, id);
    const [successor] = await openTasks(ada);
    await ada.delete(`${tasks}/${successor.id}`);
    const { status, body } = await undo(ada, changeSetOf(completion));
    expect([status, body.code]).toEqual([409, 'undo_conflict']);
  });
});
