/** The fields `recurrence` and `series_id`: how requests set them, and where responses have them. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApi, type TestApi } from '../support/api.ts';
import { changeSetOf, complete, createRecurring, openDays, read, tasks, undo } from '../support/recurring-tasks.ts';

let api: TestApi;

beforeAll(async () => {
  api = await startApi({ keep: true });
});

afterAll(() => api.stop());

const id = '0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4d';
const due = { date: '2126-12-01' };
const recurrence = { rule: 'FREQ=WEEKLY;BYDAY=MO,TH', from: 'Due', missed: 'Each' };
const weekly = { rule: 'FREQ=WEEKLY', from: 'Due', missed: 'Skip' };
/** A valid rule without any day. */
const never = 'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30';

describe('a request sets a recurrence', () => {
  test('by POST, with the canonical rule and the defaults in the response', async () => {
    const ada = api.user();
    const { status, body } = await ada.post(tasks, {
      title: 'x',
      due,
      recurrence: { rule: 'byday=TH,MO;freq=weekly' },
    });
    expect(status).toBe(201);
    expect(body).toMatchObject({ recurrence: { ...recurrence, missed: 'Skip' }, series_id: expect.any(String) });
    expect(await read(ada, body.id)).toEqual(body);
  });

  test('and without one, both fields are null', async () => {
    const { body } = await api.user().post(tasks, { title: 'x', due });
    expect(body).toMatchObject({ recurrence: null, series_id: null });
  });

  test('by PUT, which removes it if it is left out', async () => {
    const ada = api.user();
    await ada.post(tasks, { id, title: 'x', due });
    const { body: set } = await ada.put(`${tasks}/${id}`, { title: 'x', due, recurrence });
    expect(set).toMatchObject({ recurrence, version: 2 });
    const { body: same } = await ada.put(`${tasks}/${id}`, { title: 'x', due, recurrence });
    expect(same).toEqual(set);
    const { body: removed } = await ada.put(`${tasks}/${id}`, { title: 'x' });
    expect(removed).toMatchObject({ recurrence: null, series_id: set.series_id, due: null, version: 3 });
  });

  test('by PATCH, a merge patch also inside the recurrence', async () => {
    const ada = api.user();
    await ada.post(tasks, { id, title: 'x', due });
    const patch = async (value: object | null) => (await ada.patch(`${tasks}/${id}`, { recurrence: value })).body;
    const first = await patch({ rule: 'FREQ=WEEKLY' });
    expect(first).toMatchObject({ recurrence: weekly, version: 2 });
    expect((await patch({ missed: 'Each' })).recurrence).toEqual({ ...weekly, missed: 'Each' });
    expect((await patch({ from: 'Completion', missed: null })).recurrence).toEqual({ ...weekly, from: 'Completion' });
    expect((await patch({ rule: 'FREQ=DAILY', from: null })).recurrence).toEqual({ ...weekly, rule: 'FREQ=DAILY' });
    expect(await patch({})).toMatchObject({ version: 5 });
    expect(await patch({ rule: 'freq=daily' })).toMatchObject({ version: 5 });
    expect(await patch(null)).toMatchObject({ recurrence: null, series_id: first.series_id, version: 6 });
    expect(await patch(null)).toMatchObject({ version: 6 });
  });

  test('by a batch', async () => {
    const ada = api.user();
    const operations = [
      { op: 'create', task: { id, title: 'x', due, recurrence } },
      { op: 'update', id, patch: { recurrence: { missed: 'Skip' } } },
    ];
    const { body } = await ada.post(`${tasks}/batch`, { operations });
    expect(body.results[1].task.recurrence).toEqual({ ...recurrence, missed: 'Skip' });
  });

  test('together with the due date that it needs', async () => {
    const ada = api.user();
    await ada.post(tasks, { id, title: 'x' });
    const { body } = await ada.patch(`${tasks}/${id}`, { due, recurrence: { rule: 'FREQ=DAILY' } });
    expect(body).toMatchObject({ due, recurrence: { rule: 'FREQ=DAILY' } });
  });

  test('again for a task that was completed, as an occurrence of the same series', async () => {
    const ada = api.user();
    const task = await createRecurring(ada, 'FREQ=DAILY', due);
    await ada.patch(`${tasks}/${task.id}`, { status: 'Done', recurrence: null });
    const { body } = await ada.patch(`${tasks}/${task.id}`, { status: 'Todo', recurrence: weekly });
    expect(body).toMatchObject({ recurrence: weekly, series_id: task.series_id });
  });
});

describe('a creation is idempotent', () => {
  test('with the same recurrence', async () => {
    const ada = api.user();
    const task = { id, title: 'x', due, recurrence: { rule: 'BYDAY=TH,MO;FREQ=WEEKLY', missed: 'Each' } };
    expect((await ada.post(tasks, task)).status).toBe(201);
    expect((await ada.post(tasks, { ...task, recurrence })).status).toBe(200);
    const { body } = await ada.post(`${tasks}/batch`, { operations: [{ op: 'create', task }] });
    expect(body.results[0].status).toBe(200);
  });

  test('but the id is taken with another one', async () => {
    const ada = api.user();
    await ada.post(tasks, { id, title: 'x', due, recurrence });
    for (const other of [null, { ...recurrence, missed: 'Skip' }, { ...recurrence, rule: 'FREQ=DAILY' }]) {
      const task = { id, title: 'x', due, recurrence: other };
      expect((await ada.post(tasks, task)).body.code).toBe('id_taken');
      const batch = await ada.post(`${tasks}/batch`, { operations: [{ op: 'create', task }] });
      expect(batch.body.code).toBe('id_taken');
    }
  });
});

describe('a recurrence is rejected', () => {
  const place = ({ status, body }: any) => [status, ...(body.errors ?? []).map((error: any) => error.pointer)];

  test.each<[string, object, string]>([
    ['without a due date', { due: null, recurrence }, '/due'],
    ['without a rule', { due, recurrence: {} }, '/recurrence/rule'],
    ['with an unknown member', { due, recurrence: { ...recurrence, until: 1 } }, '/recurrence/until'],
    ['with an unsupported part', { due, recurrence: { rule: 'FREQ=DAILY;BYHOUR=9' } }, '/recurrence/rule'],
    ['without any day', { due, recurrence: { rule: never } }, '/recurrence/rule'],
    ['with UNTIL before the due date', { due, recurrence: { rule: 'FREQ=DAILY;UNTIL=20261231' } }, '/recurrence/rule'],
    [
      'with parts that cannot count from the completion',
      { due, recurrence: { rule: 'FREQ=MONTHLY;BYMONTHDAY=1', from: 'Completion' } },
      '/recurrence/rule',
    ],
  ])('%s', async (_, fields, pointer) => {
    const ada = api.user();
    expect(place(await ada.post(tasks, { title: 'x', ...fields }))).toEqual([422, pointer]);
    const created = await ada.post(`${tasks}/batch`, {
      operations: [{ op: 'create', task: { title: 'x', ...fields } }],
    });
    expect(place(created)).toEqual([422, `/operations/0/task${pointer}`]);

    await ada.post(tasks, { id, title: 'x' });
    expect(place(await ada.put(`${tasks}/${id}`, { title: 'x', ...fields }))).toEqual([422, pointer]);
    expect(place(await ada.patch(`${tasks}/${id}`, fields))).toEqual([422, pointer]);
    const updated = await ada.post(`${tasks}/batch`, { operations: [{ op: 'update', id, patch: fields }] });
    expect(place(updated)).toEqual([422, `/operations/0/patch${pointer}`]);
    expect(await read(ada, id)).toMatchObject({ version: 1 });
  });

  test('for a new task that is Done', async () => {
    const answer = await api.user().post(tasks, { title: 'x', due, recurrence, status: 'Done' });
    expect(place(answer)).toEqual([422, '/recurrence']);
  });

  test('if a patch leaves it without a due date', async () => {
    const ada = api.user();
    const task = await createRecurring(ada, recurrence, due);
    expect(place(await ada.patch(`${tasks}/${task.id}`, { due: null }))).toEqual([422, '/due']);
    expect(place(await ada.patch(`${tasks}/${task.id}`, { due: null, status: 'Done' }))).toEqual([422, '/due']);
    expect(await read(ada, task.id)).toEqual(task);
    expect((await ada.patch(`${tasks}/${task.id}`, { due: null, recurrence: null })).status).toBe(200);
  });

  test('if a patch changes a member of a task without a recurrence', async () => {
    const ada = api.user();
    await ada.post(tasks, { id, title: 'x', due });
    expect(place(await ada.patch(`${tasks}/${id}`, { recurrence: { missed: 'Each' } }))).toEqual([
      422,
      '/recurrence/rule',
    ]);
  });

  test('if a patch of a member does not fit the stored rule', async () => {
    const ada = api.user();
    const task = await createRecurring(ada, 'FREQ=MONTHLY;BYMONTHDAY=1', due);
    const answer = await ada.patch(`${tasks}/${task.id}`, { recurrence: { from: 'Completion' } });
    expect(place(answer)).toEqual([422, '/recurrence/rule']);
  });

  test('with null for the rule, and series_id is read-only', async () => {
    const ada = api.user();
    const task = await createRecurring(ada, recurrence, due);
    expect(place(await ada.patch(`${tasks}/${task.id}`, { recurrence: { rule: null } }))).toEqual([
      422,
      '/recurrence/rule',
    ]);
    expect(place(await ada.patch(`${tasks}/${task.id}`, { series_id: id }))).toEqual([422, '/series_id']);
  });

  test('but a due date after UNTIL is not, because it moves one occurrence only', async () => {
    const ada = api.user();
    const until = { rule: 'FREQ=DAILY;UNTIL=21261231' };
    const { id: last } = await createRecurring(ada, until, due);
    const later = { date: '2127-01-05' };
    const { status, body } = await ada.put(`${tasks}/${last}`, { title: 'x', due: later, recurrence: until });
    expect({ status, due: body.due }).toEqual({ status: 200, due: later });
    await complete(ada, last);
    expect(await openDays(ada)).toEqual([]);
  });
});

describe('a recurrence is part of', () => {
  test('the list, the changes, and the trash, from which it is restored', async () => {
    const ada = api.user();
    const task = await createRecurring(ada, recurrence, due);
    expect((await ada.get(tasks)).body).toEqual([task]);
    expect((await ada.get('/api/v1/changes')).body.changes).toEqual([{ type: 'task', op: 'put', task }]);
    await ada.delete(`${tasks}/${task.id}`);
    const { recurrence: kept, series_id } = task;
    expect((await ada.get('/api/v1/trash')).body[0].task).toMatchObject({ recurrence: kept, series_id });
    const restored = await ada.request('POST', `/api/v1/trash/${task.id}/restore`);
    expect(restored.body).toMatchObject({ recurrence: kept, series_id });
    // The anchor is restored, too: the rule has no weekday of its own.
    await ada.patch(`${tasks}/${task.id}`, { due: { date: '2126-12-07' } });
    await complete(ada, task.id);
    expect(await openDays(ada)).toEqual(['2126-12-09']);
  });

  test('the history, and its changes are undone', async () => {
    const ada = api.user();
    await ada.post(tasks, { id, title: 'x', due });
    const set = await ada.patch(`${tasks}/${id}`, { recurrence: weekly });
    const changed = await ada.patch(`${tasks}/${id}`, { recurrence: { missed: 'Each' }, due: { date: '2126-12-03' } });
    const { body: history } = await ada.get(`${tasks}/${id}/history`);
    expect(history.map(({ changes }: any) => changes)).toEqual([
      {
        due: { from: due, to: { date: '2126-12-03' } },
        recurrence: { from: weekly, to: { ...weekly, missed: 'Each' } },
      },
      { recurrence: { from: null, to: weekly } },
      {},
    ]);
    expect((await undo(ada, changeSetOf(changed))).body.results[0].task).toMatchObject({ recurrence: weekly, due });
    // The anchor is that of the first change again, a Sunday.
    expect((await ada.get(`${tasks}/${id}/occurrences?limit=1`)).body.days).toEqual(['2126-12-08']);
    const { body } = await undo(ada, changeSetOf(set));
    expect(body.results[0].task).toMatchObject({ recurrence: null, series_id: null });
  });

  test('an undo that conflicts with a later change of the due date or the status', async () => {
    const ada = api.user();
    const task = await createRecurring(ada, recurrence, due);
    const removed = await ada.patch(`${tasks}/${task.id}`, { recurrence: null });
    const conflictAfter = async (patch: object) => {
      await ada.patch(`${tasks}/${task.id}`, patch);
      const { status, body } = await undo(ada, changeSetOf(removed));
      return [status, body.errors?.[0].message];
    };
    expect(await conflictAfter({ due: null })).toEqual([409, `the task ${task.id} has another due since`]);
    expect(await conflictAfter({ due, status: 'Done' })).toEqual([409, `the task ${task.id} has another status since`]);
    expect(await conflictAfter({ status: 'Todo' })).toEqual([200, undefined]);
    const later = await ada.patch(`${tasks}/${task.id}`, { recurrence: { missed: 'Skip' } });
    expect(await conflictAfter({ recurrence: weekly })).toEqual([
      409,
      expect.stringContaining('another recurrence since'),
    ]);
    expect((await undo(ada, changeSetOf(later))).status).toBe(409);
  });
});
