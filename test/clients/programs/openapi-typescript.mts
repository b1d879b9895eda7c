/** Signs up without cookies, then creates, lists, changes and deletes tasks with openapi-fetch. */
import createClient from 'openapi-fetch';
import type { components, paths } from './todo-api.js';

declare const process: { readonly env: Record<string, string | undefined> };

const { TODO_API_URL: baseUrl = '', TODO_API_EMAIL: email = '' } = process.env;
const anonymous = createClient<paths>({ baseUrl });

const signedUp = await anonymous.POST('/api/auth/sign-up/email', {
  body: { name: 'Ada', email, password: 'correct horse battery' },
});
const session = createClient<paths>({
  baseUrl,
  headers: { Authorization: `Bearer ${signedUp.response.headers.get('set-auth-token')}` },
});
const { data: jwt } = await session.GET('/api/auth/token');
const client = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${jwt?.token}` } });

const me = await client.GET('/api/v1/me');
equal(me.data?.id, signedUp.data?.user.id);

const created = await client.POST('/api/v1/tasks', { body: { title: 'Buy milk' } });
const task: components['schemas']['Task'] = required(created.data);
equal([task.title, task.status, task.priority, task.description], ['Buy milk', 'Todo', 'Medium', null]);

const path = { id: task.id };
const due = { date: '2026-12-01', time: '09:30', time_zone: 'Europe/Rome' };
const changed = await client.PATCH('/api/v1/tasks/{id}', {
  params: { path, header: { 'If-Match': created.response.headers.get('etag') ?? '' } },
  body: { status: 'InProgress', description: 'Two bottles', due },
});
equal([changed.data?.status, changed.data?.due?.time_zone], ['InProgress', 'Europe/Rome']);
const cleared = await client.PATCH('/api/v1/tasks/{id}', { params: { path }, body: { description: null, due: null } });
equal([cleared.data?.description, cleared.data?.due], [null, null]);

const batch = await client.POST('/api/v1/tasks/batch', {
  body: {
    operations: [
      { op: 'create', task: { title: 'Call Bob' } },
      { op: 'update', id: task.id, patch: { priority: 'High' } },
      { op: 'delete', id: task.id },
    ],
  },
});
equal(
  batch.data?.results.map(({ status }) => status),
  [201, 200, 204],
);

const mixed = await client.POST('/api/v1/batch', {
  body: {
    operations: [
      { type: 'list', op: 'create', list: { id: task.id, name: 'Groceries' } },
      { type: 'list', op: 'move', id: task.id, list: { to: 'start' } },
      { type: 'list', op: 'delete', id: task.id, tasks: 'keep' },
    ],
  },
});
equal(
  mixed.data?.results.map(({ type, status }) => [type, status]),
  [
    ['list', 201],
    ['list', 200],
    ['list', 204],
  ],
);

const listed = await client.GET('/api/v1/tasks', { params: { query: { status: ['Todo'], sort: '-created_at' } } });
equal(
  listed.data?.map(({ title }) => title),
  ['Call Bob'],
);
const gone = await client.GET('/api/v1/tasks/{id}', { params: { path } });
equal(gone.error?.code, 'task_not_found');

console.log('ok');

function required<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('there is no response body');
  return value;
}

function equal(actual: unknown, expected: unknown): void {
  const [one, other] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (one !== other) throw new Error(`${one} instead of ${other}`);
}
