/** Writes that change many tasks: their results are those of writes of a few, and so is the number of their statements. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Answer, type Client, startApi, type TestApi } from '../support/api.ts';

let api: TestApi;
/** The names of the statements of the last transaction that wrote. */
let statements: string[] = [];

beforeAll(async () => {
  api = await startApi({
    keep: true,
    asUser: (database) => ({
      ...database,
      run(principal, sent, ifLost, access) {
        if (access === 'write') statements = sent.map(({ statement }) => statement.name);
        return database.run(principal, sent, ifLost, access);
      },
    }),
  });
});

afterAll(() => api.stop());

const tasks = '/api/v1/tasks';
const lists = '/api/v1/lists';

/** A list with a tree of tasks: each has up to four subtasks, at five levels. Returns the list and its first task. */
async function createTree(user: Client, size: number): Promise<[list: string, root: string]> {
  const { body: list } = await user.post(lists, { name: 'Many' });
  const ids = Array.from({ length: size }, () => crypto.randomUUID());
  const operations = ids.map((id, index) => ({
    op: 'create',
    task: {
      id,
      title: `task ${index}`,
      list_id: list.id,
      parent_id: index === 0 ? null : ids[Math.floor((index - 1) / 4)],
      status: index % 10 === 9 ? 'Done' : 'Todo',
      tags: ['all', `tag ${index % 7}`],
    },
  }));
  for (let start = 0; start < size; start += 100) {
    const { status, text } = await user.post(`${tasks}/batch`, { operations: operations.slice(start, start + 100) });
    expect(status, text).toBe(200);
  }
  return [list.id, ids[0] as string];
}

/** All tasks without what each write changes, the lists with the numbers of their tasks, and the tags. */
async function stateOf(user: Client): Promise<object> {
  const found: object[] = [];
  for (let skip = 0; ; skip += 200) {
    const { body } = await user.get(`${tasks}?limit=200&skip=${skip}&sort=position`);
    found.push(...body.map(({ version: _, updated_at: __, ...fields }: any) => fields));
    if (body.length < 200) break;
  }
  const listsNow = (await user.get(lists)).body.map(({ version: _, updated_at: __, ...fields }: any) => fields);
  const { body: tags } = await user.get('/api/v1/tags');
  const { body: searched } = await user.get(`${tasks}/count?q=task&tag=all`);
  return { found, lists: listsNow, tags, searched };
}

const undo = (user: Client, { headers }: Answer) =>
  user.request('POST', `/api/v1/change-sets/${headers.get('change-set')}/undo`);

/** Each write, and how it is taken back. */
const writes: Record<string, (user: Client, list: string, root: string) => Promise<[Answer, () => Promise<Answer>]>> = {
  'the restoration of a list': async (user, list) => [
    await user.delete(`${lists}/${list}?tasks=delete`),
    () => user.request('POST', `/api/v1/trash/${list}/restore`),
  ],
  'the restoration of a task with subtasks': async (user, _, root) => [
    await user.delete(`${tasks}/${root}`),
    () => user.request('POST', `/api/v1/trash/${root}/restore`),
  ],
  'the undo of the deletion of a list': async (user, list) => {
    const deleted = await user.delete(`${lists}/${list}?tasks=delete`);
    return [deleted, () => undo(user, deleted)];
  },
  'the undo of the move of tasks to the inbox': async (user, list) => {
    const deleted = await user.delete(`${lists}/${list}?tasks=keep`);
    return [deleted, () => undo(user, deleted)];
  },
  'the undo of a completion': async (user, _, root) => {
    const completed = await user.patch(`${tasks}/${root}`, { status: 'Done' });
    return [completed, () => undo(user, completed)];
  },
  'the undo of the renaming of a tag': async (user) => {
    const renamed = await user.patch('/api/v1/tags/all', { name: 'every' });
    return [renamed, () => undo(user, renamed)];
  },
};

test.each(Object.entries(writes))(
  '%s has as many statements for 260 tasks as for 130, and the same result',
  async (_, write) => {
    const sent: string[][] = [];
    for (const size of [130, 260]) {
      const ada = api.user();
      const [list, root] = await createTree(ada, size);
      const before = await stateOf(ada);
      const [done, takeBack] = await write(ada, list, root);
      expect(done.status, done.text).toBeLessThan(300);
      const after = await stateOf(ada);
      const restored = await takeBack();
      expect(restored.status, restored.text).toBe(200);
      sent.push(statements);
      expect(await stateOf(ada)).toEqual(before);
      expect((await undo(ada, restored)).status).toBe(200);
      expect(await stateOf(ada)).toEqual(after);
      // Once more, because an undo can delete subtasks before their parents.
      const again = await takeBack();
      expect(again.status, again.text).toBe(200);
      expect(await stateOf(ada)).toEqual(before);
      await expectNumbers(ada);
    }
    expect(sent[1]).toEqual(sent[0]);
  },
);

/** The numbers of the user's changes have no gaps, and the tasks are counted. */
async function expectNumbers({ userId }: Client): Promise<void> {
  const [head] = await api.database.query(
    `select seq::integer as seq, tasks,
            (select count(*)::integer from todo.changes where owner_id = $1) as changes,
            (select count(*)::integer from todo.tasks where owner_id = $1) as live
     from todo.heads where owner_id = $1`,
    [userId],
  );
  expect(head).toMatchObject({ seq: (head as any).changes, tasks: (head as any).live });
}
