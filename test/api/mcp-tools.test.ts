/** The tools of the MCP server, with the official client: what they do, what they return, and their errors. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ProblemError } from '../../src/problems/problem.ts';
import { connectAgent, eras } from '../support/agent.ts';
import { startApi, type TestApi } from '../support/api.ts';
import { agentOf, readTools, writeTools } from '../support/mcp.ts';

let api: TestApi;
/** The error of each round trip, if there is one. */
let failure: Error | undefined;

beforeAll(async () => {
  api = await startApi({
    keep: true,
    asUser: (database) => ({
      ...database,
      run: (...args) => (failure ? Promise.reject(failure) : database.run(...args)),
    }),
  });
});

afterAll(() => api.stop());

const unknownId = '0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4d';
const uuid = expect.stringMatching(/^[0-9a-f-]{36}$/);

describe.each(eras)('the official client (%s)', (era) => {
  test('lists and calls every tool', async () => {
    const ada = api.user();
    const agent = await agentOf(api, ada, {}, era);
    const called = new Set<string>();
    const call = (name: string, args: object) => {
      called.add(name);
      return agent.call(name, args);
    };
    const tools = await agent.tools();
    expect([...tools.keys()].sort()).toEqual([...readTools, ...writeTools].sort());

    const { list, ...saved } = await call('save_list', { name: 'Groceries' });
    expect(saved).toMatchObject({ change_set: uuid, next_step: expect.stringContaining('undo') });
    const { tasks: added, change_set } = await call('add_tasks', {
      tasks: [
        {
          title: 'Buy milk',
          list_id: list.id,
          description: 'x'.repeat(300),
          tags: ['shop'],
          due: { date: '2126-12-01' },
        },
        { title: 'Water plants', due: { date: '2126-12-01' }, recurrence: { rule: 'FREQ=DAILY', missed: 'Each' } },
      ],
    });
    const [milk, plants] = added;
    expect(milk).toEqual({
      id: uuid,
      title: 'Buy milk',
      description: `${'x'.repeat(199)}…`,
      is_cut: true,
      status: 'Todo',
      priority: 'Medium',
      tags: ['shop'],
      list_id: list.id,
      due: { date: '2126-12-01' },
    });
    expect(await call('find_lists', { name: 'hardware' })).toEqual({
      lists: [],
      next_step: 'No list matches. save_list adds one.',
    });
    expect((await call('find_lists', { name: 'grocer' })).lists).toEqual([
      { id: list.id, name: 'Groceries', open_tasks: 1 },
    ]);
    const found = await call('find_tasks', { search: 'mil', list_ids: [list.id], tags: ['SHOP'], status: ['Todo'] });
    expect(found.tasks).toEqual([milk]);
    expect((await call('get_task', { id: milk.id })).task).toMatchObject({ description: 'x'.repeat(300) });
    const changes = [{ id: milk.id, title: 'Buy oat milk', due: { time: '09:30' }, description: null }];
    const updated = await call('update_tasks', { changes });
    expect(updated.tasks[0]).toEqual({
      ...{ id: milk.id, title: 'Buy oat milk', status: 'Todo', priority: 'Medium', tags: ['shop'] },
      ...{ list_id: list.id, due: { date: '2126-12-01', time: '09:30' } },
    });
    const completed = await call('complete_tasks', { ids: [plants.id], time_zone: 'Europe/Rome' });
    expect(completed).toMatchObject({ tasks: [{ id: plants.id, status: 'Done', completed_at: expect.any(String) }] });
    expect(completed.next_step).toMatch(/next occurrence/);
    const next = await agent.call('find_tasks', { search: 'plants' });
    expect(next.tasks).toMatchObject([{ due: { date: '2126-12-02' }, recurrence: { rule: 'FREQ=DAILY' } }]);
    await call('trash_tasks', { ids: [milk.id] });
    expect((await call('find_trash', {})).entries).toMatchObject([{ task: { id: milk.id, title: 'Buy oat milk' } }]);
    const { changes: history } = await call('task_history', { id: milk.id });
    expect(history.map(({ kind }: any) => kind)).toEqual(['Deleted', 'Updated', 'Created']);
    expect(history[1].fields).toMatchObject({ title: { from: 'Buy milk', to: 'Buy oat milk' } });
    expect(history[2].change_set).toBe(change_set);
    await call('undo', { change_set: history[0].change_set });
    expect((await agent.call('find_tasks', { search: 'oat' })).tasks).toMatchObject([{ id: milk.id }]);
    expect([...called].sort()).toEqual([...tools.keys()].sort());
    // What the agent did is what the user sees.
    expect((await ada.get('/api/v1/tasks?q=oat')).body).toMatchObject([
      { title: 'Buy oat milk', owner_id: ada.userId },
    ]);
  });

  test('sees titles, schemas without references, and that nothing is destructive', async () => {
    const agent = await agentOf(api, api.user(), {}, era);
    for (const { name, title, description, inputSchema, outputSchema, annotations } of (await agent.tools()).values()) {
      expect([title, description]).toEqual([expect.any(String), expect.any(String)]);
      expect(JSON.stringify([inputSchema, outputSchema])).not.toContain('$ref');
      expect(inputSchema).toMatchObject({ type: 'object', additionalProperties: false });
      expect(outputSchema).toMatchObject({ type: 'object', required: expect.arrayContaining(['next_step']) });
      expect(annotations).toMatchObject({
        readOnlyHint: readTools.includes(name),
        destructiveHint: false,
        openWorldHint: false,
      });
    }
    expect(agent.client.getInstructions()).toContain('undo');
    expect(agent.client.getServerVersion()).toMatchObject({ name: 'todo-api' });
  });
});

test('docs/mcp.md lists the tools with their scopes', () => {
  const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'mcp.md'), 'utf8');
  const documented = [...page.matchAll(/^\| `(\w+)` \| `(tasks:\w+)` \|/gm)].map(([, name, scope]) => [name, scope]);
  expect(documented).toEqual([
    ...readTools.map((name) => [name, 'tasks:read']),
    ...writeTools.map((name) => [name, 'tasks:write']),
  ]);
});

test('an undo by the agent restores the state, and undoing it is redo', async () => {
  const ada = api.user();
  const agent = await agentOf(api, ada);
  const { body: list } = await ada.post('/api/v1/lists', { name: 'x' });
  const { body: task } = await ada.post('/api/v1/tasks', { title: 'x', tags: ['a'], list_id: list.id });
  const { body: subtask } = await ada.post('/api/v1/tasks', { title: 'y', list_id: list.id, parent_id: task.id });
  const state = async () => {
    const bodies = [(await ada.get('/api/v1/tasks?sort=title')).body, (await ada.get('/api/v1/lists')).body];
    return JSON.stringify(bodies, (key, value) => (['version', 'updated_at'].includes(key) ? undefined : value));
  };
  const writes: [string, object][] = [
    ['add_tasks', { tasks: [{ title: 'one' }, { title: 'two', parent_id: task.id, list_id: list.id }] }],
    ['update_tasks', { changes: [{ id: task.id, title: 'z', tags: ['b'], list_id: null }] }],
    ['complete_tasks', { ids: [task.id] }],
    ['trash_tasks', { ids: [task.id, subtask.id].slice(0, 1) }],
    ['save_list', { name: 'new' }],
    ['save_list', { id: list.id, name: 'y', archived: true, color: '#1e90ff' }],
  ];
  for (const [name, args] of writes) {
    const before = await state();
    const { change_set } = await agent.call(name, args);
    const after = await state();
    expect(after, name).not.toBe(before);
    const undone = await agent.call('undo', { change_set });
    expect(await state(), name).toBe(before);
    expect(undone).toMatchObject({ change_set: uuid, results: expect.any(Array) });
    const redone = await agent.call('undo', { change_set: undone.change_set });
    expect(await state(), name).toBe(after);
    await agent.call('undo', { change_set: redone.change_set });
  }
});

test('an undo that later changes prevent names them, and the tools that help', async () => {
  const agent = await agentOf(api, api.user());
  const { tasks } = await agent.call('add_tasks', { tasks: [{ title: 'x' }, { title: 'y' }] });
  const rename = (title: string) =>
    agent.call('update_tasks', { changes: tasks.map(({ id }: any) => ({ id, title })) });
  const { change_set } = await rename('first');
  await rename('second');
  const lines = (await agent.fail('undo', { change_set })).split('\n');
  expect(lines).toEqual([
    expect.stringMatching(
      /^Undo conflict \(undo_conflict\): Nothing was undone: the task [\w-]+ has another title since\.$/,
    ),
    expect.stringMatching(/^- the task [\w-]+ has another title since$/),
    expect.stringMatching(/^What to do: .*task_history/),
  ]);
});

test('without a trash, no tool deletes tasks, and the undo of an addition is destructive', async () => {
  const withoutTrash = await startApi({ environment: { TRASH_DAYS: '0' } });
  const agent = await connectAgent(
    withoutTrash.url,
    withoutTrash.token('ada', { aud: withoutTrash.config.server.mcpUrl }),
  );
  const offered = await agent.tools();
  expect([...offered.keys()].sort()).toEqual(
    [...readTools, ...writeTools].filter((name) => !/trash/.test(name)).sort(),
  );
  const destructive = [...offered.values()].filter(({ annotations }) => annotations?.destructiveHint);
  expect(destructive.map(({ name }) => name)).toEqual(['undo']);
  const { tasks, change_set } = await agent.call('add_tasks', { tasks: [{ title: 'x' }] });
  await expect(agent.call('trash_tasks', { ids: [tasks[0].id] })).rejects.toThrow(/no tool/);
  const renamed = await agent.call('update_tasks', { changes: [{ id: tasks[0].id, title: 'y' }] });
  expect((await agent.call('undo', { change_set: renamed.change_set })).next_step).toMatch(/redo/);
  const undone = await agent.call('undo', { change_set });
  expect(undone.results).toMatchObject([{ id: tasks[0].id, is_deleted: true }]);
  expect(undone.next_step).toMatch(/cannot be restored/);
});

test('the resources of another user are not found by any tool', async () => {
  const ada = api.user();
  const { body: list } = await ada.post('/api/v1/lists', { name: 'Secret' });
  const { body: task, headers } = await ada.post('/api/v1/tasks', { title: 'Secret', list_id: list.id });
  const eve = await agentOf(api, api.user());
  const calls: [string, object, RegExp][] = [
    ['get_task', { id: task.id }, /task_not_found/],
    ['task_history', { id: task.id }, /task_not_found/],
    ['update_tasks', { changes: [{ id: task.id, title: 'x' }] }, /task_not_found[\s\S]*changes\/0/],
    ['complete_tasks', { ids: [task.id] }, /task_not_found[\s\S]*ids\/0/],
    ['trash_tasks', { ids: [task.id] }, /task_not_found[\s\S]*ids\/0/],
    ['add_tasks', { tasks: [{ title: 'x', list_id: list.id }] }, /tasks\/0\/list_id/],
    ['add_tasks', { tasks: [{ title: 'x', parent_id: task.id }] }, /tasks\/0\/parent_id/],
    ['save_list', { id: list.id, name: 'x' }, /list_not_found/],
    ['undo', { change_set: headers.get('change-set') }, /change_set_not_found/],
  ];
  for (const [name, args, expected] of calls) {
    const text = await eve.fail(name, args);
    expect(text).toMatch(expected);
    expect(text).not.toContain('Secret');
    expect(text).toMatch(/\nWhat to do: /);
    // An agent sees arguments and tools, no requests.
    expect(text).not.toMatch(/operations|Change-Set|Reload/);
  }
  for (const [name, args] of [
    ['find_tasks', { list_ids: [list.id] }],
    ['find_tasks', { search: 'Secret' }],
    ['find_lists', {}],
    ['find_trash', {}],
  ] as const) {
    expect(JSON.stringify(await eve.call(name, args))).not.toContain('Secret');
  }
  expect((await ada.get(`/api/v1/tasks/${task.id}`)).body).toEqual({ ...task });
});

describe('an error of a tool', () => {
  test('says which argument is wrong and what to do', async () => {
    const agent = await agentOf(api, api.user());
    const cases: [string, object, string][] = [
      ['find_tasks', { due: 'someday' }, 'due: must be one of overdue, today'],
      ['find_tasks', { nonsense: 1 }, 'nonsense: is not a known field'],
      ['find_tasks', { limit: 51 }, 'limit: must be at most 50'],
      ['find_tasks', { due_from: '2026-12-02', due_to: '2026-12-01' }, 'due_to: must not be before due_from'],
      ['find_tasks', { cursor: 'x' }, 'cursor: does not belong to this list'],
      ['get_task', {}, 'id: is required'],
      ['get_task', { id: '../lists' }, 'id: must be a UUID'],
      ['add_tasks', { tasks: [] }, 'tasks: must not be empty'],
      ['add_tasks', { tasks: [{ title: 'x' }, { title: ' ' }] }, 'tasks/1/title: '],
      ['add_tasks', { tasks: [{ title: 'x', recurrence: { rule: 'FREQ=DAILY' } }] }, 'tasks/0/due: '],
      ['add_tasks', { tasks: [{ title: 'x', recurrence: { rule: 'FREQ=HOURLY' } }] }, 'tasks/0/recurrence/rule: '],
      ['update_tasks', { changes: [{ id: unknownId, position: 'x' }] }, 'changes/0/position: is not a known field'],
      ['save_list', {}, 'name: is required'],
      ['undo', { change_set: 'x' }, 'change_set: must be a UUID'],
    ];
    for (const [name, args, expected] of cases) {
      const text = await agent.fail(name, args);
      expect(text).toContain(expected);
      expect(text).toMatch(/\nWhat to do: ./);
    }
  });

  test('of the server is logged with its cause, which the agent does not see', async () => {
    const agent = await agentOf(api, api.user());
    failure = new Error('a hidden reason');
    const text = await agent.fail('find_tasks').finally(() => {
      failure = undefined;
    });
    expect(text).toMatch(/^Internal error \(internal_error\)[\s\S]*The request_id is ([\w-]+)\.$/);
    expect(text).not.toContain('hidden');
    const [, id] = /request_id is ([\w-]+)/.exec(text) ?? [];
    const line = api.log.find(({ request_id }) => request_id === id);
    expect(line).toMatchObject({
      route: '/mcp',
      status: 200,
      code: 'internal_error',
      err: { message: 'a hidden reason' },
    });
    expect(line?.level).toBeGreaterThanOrEqual(50);
  });

  test('that passes says how long to wait', async () => {
    const agent = await agentOf(api, api.user());
    failure = new ProblemError('overloaded', { headers: { 'Retry-After': '7' } });
    const text = await agent.fail('find_tasks').finally(() => {
      failure = undefined;
    });
    expect(text).toContain('\nWait 7 seconds before the next call.\n');
  });

  test('is in the log with its code', async () => {
    const ada = api.user();
    const agent = await agentOf(api, ada);
    for (const [id, code] of [
      [unknownId, 'task_not_found'],
      ['x', 'validation_failed'],
    ]) {
      await agent.fail('get_task', { id });
      expect(api.log.at(-1)).toMatchObject({ route: '/mcp', tool: 'get_task', status: 200, code });
    }
  });
});

test('archived lists, done tasks and long texts appear if they are asked for', async () => {
  const agent = await agentOf(api, api.user());
  const { list } = await agent.call('save_list', { name: 'Old', archived: true });
  expect((await agent.call('find_lists')).lists).toEqual([]);
  expect((await agent.call('find_lists', { include_archived: true })).lists).toMatchObject([{ id: list.id }]);
  const { tasks } = await agent.call('add_tasks', { tasks: [{ title: 'x' }, { title: 'y' }] });
  const [{ id }] = tasks;
  await agent.call('update_tasks', { changes: [{ id, description: 'x'.repeat(300) }] });
  await agent.call('complete_tasks', { ids: [id] });
  expect((await agent.call('find_tasks')).tasks).toMatchObject([{ title: 'y' }]);
  const completed = await agent.call('find_tasks', { completed_from: '2026-01-01T00:00:00Z' });
  expect(completed.tasks).toMatchObject([{ id, is_cut: true }]);
  const { changes } = await agent.call('task_history', { id });
  expect(changes[1].fields.description).toEqual({ from: null, to: `${'x'.repeat(199)}…` });
});

test('the time zone of the user decides which day follows today', async () => {
  const agent = await agentOf(api, api.user());
  // Their days always differ.
  const zones = ['Pacific/Kiritimati', 'Etc/GMT+12'];
  const task = { title: 'x', due: { date: '2020-01-01' }, recurrence: { rule: 'FREQ=DAILY' } };
  for (const time_zone of zones) {
    const { tasks } = await agent.call('add_tasks', { tasks: [task, task] });
    const [first, second] = tasks;
    await agent.call('complete_tasks', { ids: [first.id], time_zone });
    await agent.call('update_tasks', { changes: [{ id: second.id, status: 'Done' }], time_zone });
  }
  const dates = (await agent.call('find_tasks')).tasks.map(({ due }: any) => due.date);
  expect([dates[0] === dates[1], dates[2] === dates[3], new Set(dates).size]).toEqual([true, true, 2]);
});

test('results are small, and a cursor leads to the rest', async () => {
  const ada = api.user();
  const operations = Array.from({ length: 60 }, (_, index) => ({
    op: 'create',
    task: { title: `Task ${index}`, description: 'word '.repeat(400) },
  }));
  for (let start = 0; start < 60; start += 20) {
    await ada.post('/api/v1/tasks/batch', { operations: operations.slice(start, start + 20) });
  }
  const agent = await agentOf(api, ada);
  const ids = new Set<string>();
  let cursor: string | undefined;
  do {
    const page = await agent.call('find_tasks', { sort: '-title', ...(cursor && { cursor }) });
    expect(page.tasks.length).toBeLessThanOrEqual(20);
    expect(JSON.stringify(page).length).toBeLessThan(10_000);
    expect(JSON.stringify(page)).not.toContain('null');
    expect(page.next_step).toMatch(page.next_cursor ? /next_cursor/ : /get_task/);
    for (const { id } of page.tasks) ids.add(id);
    cursor = page.next_cursor;
  } while (cursor);
  expect(ids.size).toBe(60);
  const many = Array.from({ length: 51 }, () => ({ op: 'create', task: { title: 'x' } }));
  const { headers } = await ada.post('/api/v1/tasks/batch', { operations: many });
  const undone = await agent.call('undo', { change_set: headers.get('change-set') });
  expect([undone.results.length, undone.next_step]).toEqual([50, expect.stringMatching(/^1 more /)]);
});
