/** Completing a recurring task: the next occurrence, its day, and the end of the series. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Client, startApi, type TestApi } from '../support/api.ts';
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
} from '../support/recurring-tasks.ts';

let api: TestApi;

beforeAll(async () => {
  api = await startApi({ keep: true });
});

afterAll(() => api.stop());

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'recurrence.md'), 'utf8');
const examples = [...page.matchAll(/^### (.+)\n[^#]*?```json\n([^`]+)```\n\n```json\n([^`]+)```/gm)].map(
  ([, name = '', body = '', days = '']) => ({ name, ...JSON.parse(body), days: JSON.parse(days) }),
);

test.each(examples)('the days of the example are those of completed tasks: $name', async (example) => {
  const { recurrence, due, completed_on, limit, days } = example;
  const ada = api.user();
  setClock(`${completed_on}T12:00:00Z`);
  await createRecurring(ada, recurrence, due);
  for (const day of days) {
    await complete(ada, (await openTasks(ada))[0].id);
    expect(await openDays(ada)).toEqual([day]);
    setClock(`${day}T12:00:00Z`);
  }
  if (limit === undefined) {
    await complete(ada, (await openTasks(ada))[0].id);
    expect(await openDays(ada)).toEqual([]);
  }
});

const full = {
  title: 'Pay the rent',
  description: 'To the new account',
  priority: 'High',
  tags: ['home', 'money'],
  status: 'InProgress',
};

describe('the next occurrence', () => {
  const due = { date: '2026-12-01', time: '09:30', time_zone: 'Europe/Rome' };

  test('has the fields of the task, its time and time zone, and the same series', async () => {
    const ada = api.user();
    setClock('2026-12-01T12:00:00Z');
    const task = await createRecurring(ada, 'FREQ=MONTHLY', due, full);
    const { body: completed } = await complete(ada, task.id);
    expect(completed).toEqual({
      ...task,
      status: 'Done',
      recurrence: null,
      version: 2,
      completed_at: completed.updated_at,
      updated_at: completed.updated_at,
    });
    const [next, ...others] = await openTasks(ada);
    expect(others).toEqual([]);
    expect(next).toEqual({
      ...task,
      id: next.id,
      status: 'Todo',
      due: { ...due, date: '2027-01-01' },
      due_at: '2027-01-01T08:30:00.000000Z',
      version: 1,
      created_at: next.created_at,
      updated_at: next.created_at,
    });
    expect((await ada.get(`${tasks}?q=new+account&tag=money&status=Todo`)).body).toEqual([next]);
  });

  test('has an id that is derived from the series and the day', async () => {
    const ada = api.user();
    const { id, series_id } = await createRecurring(ada, 'FREQ=MONTHLY', '2126-12-01');
    await complete(ada, id);
    const bytes = createHash('sha256').update(`${series_id} 2127-01-01`).digest().subarray(0, 16);
    bytes[6] = ((bytes[6] as number) & 0x0f) | 0x80;
    bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
    const [next] = await openTasks(ada);
    expect(next.id.replaceAll('-', '')).toBe(bytes.toString('hex'));
  });

  test('is in the change set of the completion', async () => {
    const ada = api.user();
    const { id } = await createRecurring(ada, 'FREQ=MONTHLY', '2126-12-01');
    const changeSet = changeSetOf(await complete(ada, id));
    const [next] = await openTasks(ada);
    const [created] = (await ada.get(`${tasks}/${next.id}/history`)).body;
    expect(created).toMatchObject({ kind: 'Created', change_set: changeSet });
    const [completed] = (await ada.get(`${tasks}/${id}/history`)).body;
    expect(completed).toMatchObject({
      change_set: changeSet,
      changes: { status: { from: 'Todo', to: 'Done' }, recurrence: { to: null } },
    });
  });

  test('is among the changes', async () => {
    const ada = api.user();
    const { id } = await createRecurring(ada, 'FREQ=MONTHLY', '2126-12-01');
    const { cursor } = (await ada.get('/api/v1/changes')).body;
    await complete(ada, id);
    const { changes } = (await ada.get(`/api/v1/changes?since=${cursor}`)).body;
    const [next] = await openTasks(ada);
    expect(changes.map(({ task }: any) => task)).toEqual([next, await read(ada, id)]);
  });

  test('follows a completion by PUT, also with the recurrence in the body, and a repeated PUT changes nothing', async () => {
    const ada = api.user();
    const { id, recurrence } = await createRecurring(ada, 'FREQ=DAILY', '2126-12-01');
    const body = { ...full, status: 'Done', due: { date: '2126-12-01' }, recurrence };
    const { body: first } = await ada.put(`${tasks}/${id}`, body);
    expect(first).toMatchObject({ status: 'Done', recurrence: null, title: full.title });
    expect((await ada.put(`${tasks}/${id}`, body)).body).toEqual(first);
    expect(await openTasks(ada)).toMatchObject([{ title: full.title, tags: full.tags, due: { date: '2126-12-02' } }]);
  });

  test('has the fields that the same request changes', async () => {
    const ada = api.user();
    const { id } = await createRecurring(ada, 'FREQ=DAILY', '2126-12-01');
    const patch = {
      status: 'Done',
      title: 'New',
      tags: ['new'],
      due: { date: '2126-12-05' },
      recurrence: { rule: 'FREQ=WEEKLY' },
    };
    const { body } = await ada.patch(`${tasks}/${id}`, patch);
    expect(body).toMatchObject({ status: 'Done', title: 'New', due: { date: '2126-12-05' }, recurrence: null });
    expect(await openTasks(ada)).toMatchObject([
      { title: 'New', tags: ['new'], due: { date: '2126-12-12' }, recurrence: { rule: 'FREQ=WEEKLY' } },
    ]);
    expect((await ada.get(`${tasks}?q=new&status=Todo`)).body).toHaveLength(1);
  });

  test('does not exist if the same request removes the recurrence, or if PUT leaves it out', async () => {
    const ada = api.user();
    const [one, two] = [
      await createRecurring(ada, 'FREQ=DAILY', '2126-12-01'),
      await createRecurring(ada, 'FREQ=DAILY', '2126-12-01'),
    ];
    expect((await ada.patch(`${tasks}/${one.id}`, { status: 'Done', recurrence: null })).status).toBe(200);
    expect((await ada.put(`${tasks}/${two.id}`, { title: 'x', status: 'Done' })).status).toBe(200);
    expect(await openTasks(ada)).toEqual([]);
  });

  test('of a task that changes its status otherwise does not exist', async () => {
    const ada = api.user();
    const { id } = await createRecurring(ada, 'FREQ=DAILY', '2126-12-01');
    await ada.patch(`${tasks}/${id}`, { status: 'InProgress' });
    expect(await openDays(ada)).toEqual(['2126-12-01']);
  });

  test('counts as a task for the quota', async () => {
    const small = await startApi({ environment: { MAX_TASKS_PER_USER: '1' } });
    const ada = small.user();
    const { id } = await createRecurring(ada, 'FREQ=DAILY', '2126-12-01');
    const { status, body } = await ada.patch(`${tasks}/${id}`, { status: 'Done' });
    expect({ status, code: body.code }).toEqual({ status: 429, code: 'quota_exceeded' });
    expect(await openDays(ada)).toEqual(['2126-12-01']);
  });
});

describe('the next day', () => {
  const dayAfter = async (today: string, recurrence: string | object, due: string, change: object = {}) => {
    const ada = api.user();
    setClock(`${today}T12:00:00Z`);
    const { id } = await createRecurring(ada, recurrence, due);
    await ada.patch(`${tasks}/${id}`, change);
    await complete(ada, id);
    return (await openDays(ada))[0];
  };
  const weekly = 'FREQ=WEEKLY;BYDAY=TU';
  const each = { rule: weekly, missed: 'Each' };
  const fromCompletion = { rule: 'FREQ=DAILY;INTERVAL=3', from: 'Completion' };

  test.each([
    ['after today if it is late', '2026-12-16', weekly, '2026-12-01', {}, '2026-12-22'],
    ['after the due day if it is early', '2026-11-20', weekly, '2026-12-01', {}, '2026-12-08'],
    ['after the due day if each counts', '2026-12-16', each, '2026-12-01', {}, '2026-12-08'],
    ['an interval after today', '2026-12-16', fromCompletion, '2026-12-01', {}, '2026-12-19'],
    ['an interval after today if it is early', '2026-11-20', fromCompletion, '2026-12-01', {}, '2026-11-23'],
    [
      'of the rule if the occurrence was postponed',
      '2026-12-03',
      weekly,
      '2026-12-01',
      { due: { date: '2026-12-03' } },
      '2026-12-08',
    ],
    ['after a due day beyond it', '2026-12-03', weekly, '2026-12-01', { due: { date: '2026-12-09' } }, '2026-12-15'],
    [
      "after the rule's own day if it was brought forward",
      '2026-11-28',
      weekly,
      '2026-12-01',
      { due: { date: '2026-11-28' } },
      '2026-12-08',
    ],
    [
      'counted from the due date of a new recurrence',
      '2026-12-01',
      weekly,
      '2026-12-01',
      { due: { date: '2026-12-03' }, recurrence: { rule: 'FREQ=WEEKLY' } },
      '2026-12-10',
    ],
  ])('is %s', async (_, today, recurrence, due, change, expected) => {
    expect(await dayAfter(today, recurrence, due, change)).toBe(expected);
  });

  test('is after the own day of a later occurrence that was brought forward', async () => {
    const ada = api.user();
    setClock('2026-12-01T12:00:00Z');
    const { id } = await createRecurring(ada, weekly, '2026-12-01');
    await complete(ada, id);
    const [second] = await openTasks(ada);
    await ada.patch(`${tasks}/${second.id}`, { due: { date: '2026-12-03' } });
    await complete(ada, second.id);
    expect(await openDays(ada)).toEqual(['2026-12-15']);
  });

  test('is counted from the anchor also after a replacement with the same recurrence and another due date', async () => {
    const ada = api.user();
    const { id, recurrence } = await createRecurring(ada, 'FREQ=WEEKLY', '2126-12-01');
    await ada.put(`${tasks}/${id}`, { title: 'x', due: { date: '2126-12-03' }, recurrence });
    await complete(ada, id);
    expect(await openDays(ada)).toEqual(['2126-12-08']);
  });

  test.each([
    ['COUNT', 'FREQ=DAILY;COUNT=3'],
    ['UNTIL', 'FREQ=DAILY;UNTIL=20261203'],
  ])('does not exist after %s', async (_, rule) => {
    const ada = api.user();
    setClock('2026-12-01T12:00:00Z');
    await createRecurring(ada, rule, '2026-12-01');
    const days: unknown[] = [];
    for (let [task] = await openTasks(ada); task; [task] = await openTasks(ada)) {
      days.push(task.due.date);
      await complete(ada, task.id);
    }
    expect(days).toEqual(['2026-12-01', '2026-12-02', '2026-12-03']);
  });

  // At this instant, it is the last minutes of November 30 in the west, and December 2 in the east.
  describe.each([
    ['Etc/GMT+12', '2026-11-30'],
    ['Pacific/Pago_Pago', '2026-12-01'],
    ['UTC', '2026-12-01'],
    ['Pacific/Auckland', '2026-12-02'],
    ['Etc/GMT-14', '2026-12-02'],
  ])('counts from the day in %s', (zone, today) => {
    const next = new Date(Date.parse(today) + 86_400_000).toISOString().slice(0, 10);
    const recurrence = { rule: 'FREQ=DAILY', from: 'Completion' };

    test.each([
      ['the due date', { date: '2026-11-20', time: '08:00', time_zone: zone }, '?time_zone=America/New_York'],
      ['the parameter for a day', { date: '2026-11-20' }, `?time_zone=${encodeURIComponent(zone)}`],
      [
        'the parameter for a local time',
        { date: '2026-11-20', time: '08:00' },
        `?time_zone=${encodeURIComponent(zone)}`,
      ],
    ])('of %s', async (_, due, query) => {
      const ada = api.user();
      setClock('2026-12-01T11:30:00Z');
      const patched = await createRecurring(ada, recurrence, due);
      await complete(ada, patched.id, query);
      const replaced = await createRecurring(ada, recurrence, due);
      await ada.put(`${tasks}/${replaced.id}${query}`, { title: 'x', status: 'Done', due, recurrence });
      const batched = await createRecurring(ada, recurrence, due);
      const operations = [{ op: 'update', id: batched.id, patch: { status: 'Done' } }];
      expect((await ada.post(`${tasks}/batch${query}`, { operations })).status).toBe(200);
      expect(await openDays(ada)).toEqual([next, next, next]);
    });
  });

  test('has the same local time before and after a clock change', async () => {
    const ada = api.user();
    setClock('2026-03-07T20:00:00Z');
    const due = { date: '2026-03-07', time: '02:30', time_zone: 'America/New_York' };
    await createRecurring(ada, { rule: 'FREQ=DAILY', missed: 'Each' }, due);
    const instants: string[] = [];
    for (let count = 1; count <= 3; count += 1) {
      const [task] = await openTasks(ada);
      expect(task.due.time).toBe('02:30');
      instants.push(task.due_at);
      await complete(ada, task.id);
    }
    // March 8 has no 02:30; the instant is that of the time before the gap (RFC 5545).
    expect(instants).toEqual([
      '2026-03-07T07:30:00.000000Z',
      '2026-03-08T07:30:00.000000Z',
      '2026-03-09T06:30:00.000000Z',
    ]);
  });
});

describe('a batch', () => {
  test('completes several recurring tasks, also those that it has changed or created', async () => {
    const ada = api.user();
    const one = await createRecurring(ada, 'FREQ=DAILY', '2126-12-01');
    const two = await createRecurring(ada, 'FREQ=WEEKLY', '2126-12-01');
    const id = '0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4d';
    const operations = [
      { op: 'update', id: one.id, patch: { due: { date: '2126-12-05' } } },
      { op: 'update', id: one.id, if_version: 2, patch: { status: 'Done' } },
      { op: 'create', task: { id, title: 'New', due: { date: '2126-12-10' }, recurrence: { rule: 'FREQ=MONTHLY' } } },
      { op: 'update', id: two.id, if_version: 1, patch: { status: 'Done' } },
      { op: 'update', id, patch: { status: 'Done' } },
    ];
    const { status, body, text } = await ada.post(`${tasks}/batch`, { operations });
    expect(status, text).toBe(200);
    expect(body.results.map((result: any) => result.status)).toEqual([200, 200, 201, 200, 200]);
    expect(await openDays(ada)).toEqual(['2126-12-06', '2126-12-08', '2127-01-10']);
  });

  test('names the operation with a recurrence that cannot begin, and changes nothing', async () => {
    const ada = api.user();
    const { id } = await createRecurring(ada, 'FREQ=DAILY', '2126-12-01');
    const operations = [
      { op: 'update', id, patch: { status: 'Done' } },
      { op: 'create', task: { title: 'x' } },
      { op: 'update', id, patch: { status: 'Todo', recurrence: { rule: 'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30' } } },
    ];
    const { status, body } = await ada.post(`${tasks}/batch`, { operations });
    expect({ status, errors: body.errors }).toMatchObject({
      status: 422,
      errors: [{ in: 'body', pointer: '/operations/2/patch/recurrence/rule' }],
    });
    expect(await openDays(ada)).toEqual(['2126-12-01']);
  });

  test('fails as a whole at a later operation', async () => {
    const ada = api.user();
    const { id } = await createRecurring(ada, 'FREQ=DAILY', '2126-12-01');
    const operations = [
      { op: 'update', id, patch: { status: 'Done' } },
      { op: 'delete', id: '0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4d' },
    ];
    const { status, body } = await ada.post(`${tasks}/batch`, { operations });
    expect({ status, errors: body.errors }).toMatchObject({ status: 404, errors: [{ pointer: '/operations/1' }] });
    expect(await openDays(ada)).toEqual(['2126-12-01']);
  });
});

describe('subtasks', () => {
  /** A weekly task with a subtask, a subtask of that, a completed subtask, and a daily subtask. */
  async function createTree(): Promise<{ ada: Client; ids: Record<string, string> }> {
    const ada = api.user();
    const ids: Record<string, string> = {};
    const add = async (title: string, parent: string | null, fields: object) => {
      ids[title] = (await ada.post(tasks, { title, ...fields })).body.id;
      if (parent) await setParent(api, ada, ids[title] as string, ids[parent] as string);
    };
    await add('week', null, { due: { date: '2126-12-02' }, recurrence: { rule: 'FREQ=WEEKLY' } });
    await add('dated', 'week', { due: { date: '2126-12-01', time: '10:00' }, tags: ['a'], description: 'with words' });
    await add('below', 'dated', { status: 'InProgress' });
    await add('done', 'week', { status: 'Done' });
    await add('daily', 'week', { due: { date: '2126-12-01' }, recurrence: { rule: 'FREQ=DAILY' } });
    return { ada, ids };
  }

  /** The titles of open tasks, each with the title of its parent and its due day. */
  async function openTree(ada: Client): Promise<string[]> {
    const all = (await ada.get(`${tasks}?sort=title`)).body as any[];
    const parentOf = (task: any) => all.find(({ id }) => id === task.parent_id);
    return all
      .filter(({ status }) => status === 'Todo')
      .map((task) => {
        expect(['Todo', undefined]).toContain(parentOf(task)?.status);
        return `${parentOf(task)?.title ?? ''}/${task.title} ${task.due?.date ?? ''}`.trim();
      });
  }

  test('are copied open, as many days later, and completed with their parent', async () => {
    const { ada, ids } = await createTree();
    await complete(ada, ids.week as string);
    expect(await openTree(ada)).toEqual([
      'dated/below',
      'week/daily 2126-12-08',
      'week/dated 2126-12-08',
      'week/done',
      '/week 2126-12-09',
    ]);
    for (const id of Object.values(ids)) {
      expect(await read(ada, id)).toMatchObject({ status: 'Done', recurrence: null });
    }
    const [copy] = (await ada.get(`${tasks}?q=words&tag=a&status=Todo`)).body;
    expect(copy).toMatchObject({ title: 'dated', tags: ['a'], due: { date: '2126-12-08', time: '10:00' } });
  });

  test('with a recurrence continue their series', async () => {
    const { ada, ids } = await createTree();
    const { series_id } = await read(ada, ids.daily as string);
    await complete(ada, ids.week as string);
    const copy = (await openTasks(ada)).find(({ title }) => title === 'daily');
    expect(copy).toMatchObject({ series_id, recurrence: { rule: 'FREQ=DAILY' } });
    await complete(ada, copy.id);
    expect((await openTree(ada)).filter((line) => line.includes('daily'))).toEqual(['week/daily 2126-12-09']);
  });

  test('that are earlier occurrences of a subtask are not copied', async () => {
    const { ada, ids } = await createTree();
    await complete(ada, ids.daily as string);
    await complete(ada, ids.week as string);
    expect((await openTree(ada)).filter((line) => line.includes('daily'))).toEqual(['week/daily 2126-12-09']);
  });

  test('end their series with a parent that does not recur', async () => {
    const ada = api.user();
    const { id: parent } = (await ada.post(tasks, { title: 'once' })).body;
    const { id } = await createRecurring(ada, 'FREQ=DAILY', '2126-12-01');
    await setParent(api, ada, id, parent);
    await complete(ada, parent);
    expect(await read(ada, id)).toMatchObject({ status: 'Done', recurrence: null });
    expect(await openTasks(ada)).toEqual([]);
  });

  test('have their next occurrence under the same parent', async () => {
    const { ada, ids } = await createTree();
    await complete(ada, ids.daily as string);
    expect(await openTree(ada)).toContain('week/daily 2126-12-02');
  });
});
