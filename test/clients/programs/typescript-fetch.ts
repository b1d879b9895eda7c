/** Creates, lists, changes and deletes tasks with the typescript-fetch client of openapi-generator. */
import { BatchesApi, Configuration, ResponseError, TaskSort, TasksApi, UserApi } from './todo-api';

declare const process: { readonly env: Record<string, string | undefined> };

const { TODO_API_URL: basePath = '', TODO_API_TOKEN: accessToken = '' } = process.env;
const configuration = new Configuration({ basePath, accessToken });
const tasks = new TasksApi(configuration);

async function main(): Promise<void> {
  const me = await new UserApi(configuration).readMe();
  const created = await tasks.createTask({ taskCreate: { title: 'Buy milk' } });
  equal([created.status, created.priority, created.description, created.ownerId], ['Todo', 'Medium', null, me.id]);

  const due = { date: new Date('2026-12-01'), time: '09:30', timeZone: 'Europe/Rome' };
  const taskPatch = { status: 'InProgress', description: 'Two bottles', due } as const;
  const changed = await tasks.patchTask({ id: created.id, ifMatch: `"${created.version}"`, taskPatch });
  equal([changed.status, changed.due?.timeZone], ['InProgress', 'Europe/Rome']);
  const cleared = await tasks.patchTask({ id: created.id, taskPatch: { description: null, due: null } });
  equal([cleared.description, cleared.due], [null, null]);

  const { results } = await tasks.runBatch({
    batch: {
      operations: [
        { op: 'create', task: { title: 'Call Bob' } },
        { op: 'update', id: created.id, patch: { priority: 'High' } },
        { op: 'delete', id: created.id },
      ],
    },
  });
  equal(
    results.map(({ status }) => status),
    [201, 200, 204],
  );
  const mixed = await new BatchesApi(configuration).runResourceBatch({
    resourceBatch: {
      operations: [
        { type: 'list', op: 'create', list: { id: created.id, name: 'Groceries' } },
        { type: 'list', op: 'move', id: created.id, list: { to: 'start' } },
        { type: 'list', op: 'delete', id: created.id, tasks: 'keep' },
      ],
    },
  });
  equal(
    mixed.results.map(({ status }) => status),
    [201, 200, 204],
  );
  const listed = await tasks.listTasks({ status: ['Todo'], sort: TaskSort.CREATED_AT_DESC });
  equal(
    listed.map(({ title }) => title),
    ['Call Bob'],
  );
  const gone = await tasks.readTask({ id: created.id }).catch((error: unknown) => error);
  equal(gone instanceof ResponseError && ((await gone.response.json()) as { code: string }).code, 'task_not_found');
  console.log('ok');
}

function equal(actual: unknown, expected: unknown): void {
  const [one, other] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (one !== other) throw new Error(`${one} instead of ${other}`);
}

main();
