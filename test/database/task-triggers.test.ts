/** The triggers of tasks: derived columns, checks, numbers, history, trash, and the names of tags, for any SQL statement. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/databases.ts';

let database: TestDatabase;
let owners = 0;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(() => database.remove());

const newOwner = () => {
  owners += 1;
  return `owner-${owners}`;
};

/** Inserts a task with these columns, as SQL. */
async function insert(owner: string, columns: Readonly<Record<string, string>> = {}): Promise<any> {
  const all: Record<string, string> = { id: 'gen_random_uuid()', title: "'x'", ...columns };
  const [task] = await database.query(
    `insert into todo.tasks (owner_id, ${Object.keys(all).join(', ')}) values ($1, ${Object.values(all).join(', ')}) returning *`,
    [owner],
  );
  return task;
}

const historyOf = (owner: string) =>
  database.query('select seq::int, kind, version, fields from todo.changes where owner_id = $1 order by seq', [owner]);

const headOf = async (owner: string) =>
  (await database.query('select seq::int, tasks, tags from todo.heads where owner_id = $1', [owner]))[0];

describe('a task is rejected', () => {
  test.each<[string, Record<string, string>]>([
    ['tasks_title_length', { title: "''" }],
    ['tasks_title_length', { title: "repeat('x', 256)" }],
    ['tasks_description_length', { description: "repeat('x', 10001)" }],
    ['tasks_version_positive', { version: '0' }],
    ['tasks_updated_after_created', { updated_at: "now() - interval '1 day'" }],
    ['tasks_due_range', { due_date: "'1899-12-31'" }],
    ['tasks_due_range', { due_date: "'10000-01-01'" }],
    ['tasks_due_minutes', { due_date: "'2026-01-01'", due_time: "'24:00'" }],
    ['tasks_due_minutes', { due_date: "'2026-01-01'", due_time: "'12:00:01'" }],
    ['tasks_due_kind', { due_time: "'12:00'" }],
    ['tasks_due_kind', { due_date: "'2026-01-01'", due_time_zone: "'UTC'" }],
    ['tasks_due_at_range', { due_date: "'9999-12-31'", due_time: "'23:00'", due_time_zone: "'America/New_York'" }],
  ])('by %s with %o', async (constraint, columns) => {
    await expect(insert(newOwner(), columns)).rejects.toMatchObject({ code: '23514', constraint });
  });

  test('by tasks_owner_id_length with an owner of 256 characters', async () => {
    const rejection = { code: '23514', constraint: 'tasks_owner_id_length' };
    await expect(insert('x'.repeat(256))).rejects.toMatchObject(rejection);
  });

  test('also by an update', async () => {
    const owner = newOwner();
    await insert(owner);
    const update = database.query(`update todo.tasks set due_time = '12:00' where owner_id = $1`, [owner]);
    await expect(update).rejects.toMatchObject({ code: '23514', constraint: 'tasks_due_kind' });
    expect(await headOf(owner)).toMatchObject({ seq: 1 });
  });
});

test.each([
  ['no due date', 'null', 'null', 'null', ['infinity', '-infinity', null]],
  ['a day', "'2026-07-01'", 'null', 'null', ['2026-06-30 23:59:59.999999', '2026-06-30 23:59:59.999999', null]],
  ['a local time', "'2026-07-01'", "'12:00'", 'null', ['2026-07-01 12:00:00', '2026-07-01 12:00:00', null]],
  [
    'an instant',
    "'2026-07-01'",
    "'12:00'",
    "'Europe/Rome'",
    ['2026-07-01 12:00:00', '2026-07-01 12:00:00', '2026-07-01 10:00:00'],
  ],
])('derives the sort values and the instant of %s', async (_name, due_date, due_time, due_time_zone, expected) => {
  const owner = newOwner();
  await insert(owner, { due_date, due_time, due_time_zone, status: "'InProgress'", priority: "'High'" });
  const [row] = await database.query(
    `select due_order::text, due_order_descending::text, (due_at at time zone 'UTC')::text as due_at, status_rank, priority_rank
     from todo.tasks where owner_id = $1`,
    [owner],
  );
  expect([row?.due_order, row?.due_order_descending, row?.due_at]).toEqual(expected);
  expect([row?.status_rank, row?.priority_rank]).toEqual([1, 2]);
});

test('the time of completion follows the status', async () => {
  const owner = newOwner();
  const update = async (set: string) =>
    (
      await database.query(
        `update todo.tasks set ${set} where owner_id = $1 returning completed_at = updated_at as is_now, completed_at`,
        [owner],
      )
    )[0];
  expect((await insert(owner, { completed_at: 'now()' })).completed_at).toBeNull();
  expect(await update(`status = 'Done'`)).toMatchObject({ is_now: true });
  expect(await update(`title = 'y'`)).toMatchObject({ is_now: false });
  expect(await update(`status = 'Todo'`)).toMatchObject({ completed_at: null });
});

describe('a recurrence', () => {
  const series = {
    due_date: "'2026-12-01'",
    recurrence_rule: "'FREQ=DAILY'",
    recurrence_from: "'Due'",
    recurrence_missed: "'Skip'",
    recurrence_anchor: "'2026-12-01'",
    recurrence_day: "'2026-12-01'",
  };

  test('begins a series, whose id stays', async () => {
    const owner = newOwner();
    const { series_id } = await insert(owner, series);
    expect(series_id).toMatch(/^[0-9a-f-]{36}$/);
    const [ended] = await database.query(
      `update todo.tasks set recurrence_rule = null, recurrence_from = null, recurrence_missed = null where owner_id = $1 returning *`,
      [owner],
    );
    expect(ended).toMatchObject({ series_id, recurrence_rule: null });
  });

  test.each([
    ['tasks_recurrence_due', { ...series, due_date: 'null' }],
    ['tasks_recurrence_rule', { ...series, recurrence_rule: 'null' }],
    ['tasks_recurrence_rule', { recurrence_missed: "'Each'" }],
  ])('is rejected by %s', async (constraint, columns) => {
    await expect(insert(newOwner(), columns)).rejects.toMatchObject({ code: '23514', constraint });
  });

  test.each(["status = 'Done'", "recurrence_rule = 'FREQ=WEEKLY', recurrence_anchor = null"])(
    'stops an update that only the server can continue: %s',
    async (set) => {
      const owner = newOwner();
      await insert(owner, series);
      const update = database.query(`update todo.tasks set ${set} where owner_id = $1`, [owner]);
      await expect(update).rejects.toMatchObject({ code: 'TD001', constraint: 'recurrence' });
    },
  );

  test('that is set again without an anchor keeps its own', async () => {
    const owner = newOwner();
    await insert(owner, series);
    const again = `recurrence_rule = 'FREQ=DAILY', recurrence_anchor = null, recurrence_day = null`;
    const updated = await database.query(`update todo.tasks set ${again} where owner_id = $1 returning id`, [owner]);
    expect(updated).toEqual([]);
  });

  test('of a completed task is dropped', async () => {
    const owner = newOwner();
    await insert(owner, { status: "'Done'", due_date: "'2026-12-01'" });
    const set = "recurrence_rule = 'FREQ=DAILY', recurrence_from = 'Due', recurrence_missed = 'Skip'";
    const updated = await database.query(`update todo.tasks set ${set} where owner_id = $1 returning id`, [owner]);
    expect(updated).toEqual([]);
  });
});

test('an update by hand has the next number and version, and is in the history', async () => {
  const owner = newOwner();
  await insert(owner);
  await insert(owner);
  await database.query(`update todo.tasks set title = 'y', priority = 'High' where owner_id = $1`, [owner]);
  const fields = { title: ['x', 'y'], priority: ['Medium', 'High'] };
  expect(await historyOf(owner)).toEqual([
    { seq: 1, kind: 'Created', version: 1, fields: null },
    { seq: 2, kind: 'Created', version: 1, fields: null },
    { seq: 3, kind: 'Updated', version: 2, fields },
    { seq: 4, kind: 'Updated', version: 2, fields },
  ]);
  const rows = await database.query('select seq::int, version from todo.tasks where owner_id = $1 order by seq', [
    owner,
  ]);
  expect(rows).toEqual([
    { seq: 3, version: 2 },
    { seq: 4, version: 2 },
  ]);
  expect(await headOf(owner)).toEqual({ seq: 4, tasks: 2, tags: 0 });
});

test('an update that changes nothing does nothing', async () => {
  const owner = newOwner();
  await insert(owner);
  const updated = await database.query(
    `update todo.tasks set title = 'x', status = 'Todo', version = 7, seq = 9 where owner_id = $1 returning id`,
    [owner],
  );
  expect(updated).toEqual([]);
  expect(await headOf(owner)).toMatchObject({ seq: 1 });
});

test('a deletion moves the task to the trash, deletes its words, and is counted', async () => {
  const owner = newOwner();
  const { id } = await insert(owner, { description: "'y'", due_date: "'2026-07-01'" });
  await database.query(`insert into todo.task_words (owner_id, task_id, word, in_title) values ($1, $2, 'x', true)`, [
    owner,
    id,
  ]);
  await database.query('delete from todo.tasks where owner_id = $1', [owner]);
  const [deleted] = await database.query('select seq::int, version, content from todo.deleted where owner_id = $1', [
    owner,
  ]);
  expect(deleted).toMatchObject({
    seq: 2,
    version: 2,
    content: { id, owner_id: owner, title: 'x', description: 'y', tags: [], due_date: '2026-07-01', version: 1 },
  });
  expect(await historyOf(owner)).toMatchObject([{ kind: 'Created' }, { kind: 'Deleted', version: 2 }]);
  expect(await database.query('select from todo.task_words where owner_id = $1', [owner])).toEqual([]);
  expect(await headOf(owner)).toEqual({ seq: 2, tasks: 0, tags: 0 });
});

describe('a statement fails if the names of tags in a task differ from its tags', () => {
  const mismatch = { code: '23514', constraint: 'tasks_tag_names' };

  /** A task with the tag "home". */
  async function taggedTask(owner: string): Promise<void> {
    await database.query(
      `with tag as (
         insert into todo.tags (owner_id, name, key) values ($1, 'home', 'home') returning id
       ), task as (
         insert into todo.tasks (owner_id, id, title, tag_names) values ($1, gen_random_uuid(), 'x', '{home}') returning id
       )
       insert into todo.task_tags (owner_id, task_id, tag_id) select $1, task.id, tag.id from task, tag`,
      [owner],
    );
  }

  test.each([
    [
      'a creation with a name only',
      `insert into todo.tasks (owner_id, id, title, tag_names) values ($1, gen_random_uuid(), 'x', '{home}')`,
    ],
    ['a change of the names only', `update todo.tasks set tag_names = '{}' where owner_id = $1`],
    ['the removal of a tag only', 'delete from todo.task_tags where owner_id = $1'],
    ['the deletion of a tag', 'delete from todo.tags where owner_id = $1'],
    [
      'an assignment only',
      `with tag as (insert into todo.tags (owner_id, name, key) values ($1, 'work', 'work') returning id)
       insert into todo.task_tags (owner_id, task_id, tag_id)
       select $1, task.id, tag.id from todo.tasks as task, tag where task.owner_id = $1`,
    ],
  ])('%s', async (_name, text) => {
    const owner = newOwner();
    await taggedTask(owner);
    await expect(database.query(text, [owner])).rejects.toMatchObject(mismatch);
  });

  test('a deletion of the task removes its tags', async () => {
    const owner = newOwner();
    await taggedTask(owner);
    expect(await headOf(owner)).toEqual({ seq: 1, tasks: 1, tags: 1 });
    await database.query('delete from todo.tasks where owner_id = $1', [owner]);
    expect(await database.query('select from todo.tags where owner_id = $1', [owner])).toEqual([]);
    expect(await headOf(owner)).toEqual({ seq: 2, tasks: 0, tags: 0 });
  });
});
