/** `npm run seed`: a user with tasks on a running server. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { freePort } from '../support/postgres-server.ts';
import { root, run, runSource, serveReady } from './built-command.ts';

const script = join(root, 'scripts', 'seed.ts');

test('creates tasks of every kind, prints a command that works, and changes nothing when it runs again', async () => {
  const { url, port } = await serveReady();
  const first = await runSource(script, [], { environment: { PORT: String(port) } }).ended;
  expect(first).toMatchObject({ code: 0, stderr: '' });
  expect(first.stdout).toContain('demo@example.com');
  expect(first.stdout).toContain('correct horse battery');

  const command = first.stdout.split('\n').find((line) => line.startsWith('curl ')) ?? '';
  const { code, stdout } = await run('bash', ['-euc', command.replace('curl ', 'curl -sS ')]).ended;
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toContainEqual(expect.objectContaining({ title: 'Water the plants' }));

  const [, token] = /Bearer ([\w.-]+)/.exec(command) ?? [];
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
  const list = async () => (await (await fetch(`${url}/api/v1/tasks?limit=200`, { headers })).json()) as Task[];
  const tasks = await list();
  expect(first.stdout).toContain(`Created ${tasks.length} tasks.`);
  expect(new Set(tasks.map(({ status }) => status))).toEqual(new Set(['Todo', 'InProgress', 'Done']));
  expect(new Set(tasks.map(({ priority }) => priority))).toEqual(new Set(['Low', 'Medium', 'High']));
  expect(new Set(tasks.map(({ due }) => Object.keys(due ?? {}).join()))).toEqual(
    new Set(['', 'date', 'date,time', 'date,time,time_zone']),
  );

  const lists = (await (await fetch(`${url}/api/v1/lists`, { headers })).json()) as { id: string; name: string }[];
  expect(lists.map(({ name }) => name)).toEqual(['Home', 'Work']);
  expect(new Set(tasks.map((task) => task.list_id))).toEqual(new Set([null, ...lists.map(({ id }) => id)]));
  expect(tasks.filter((task) => task.parent_id !== null).length).toBeGreaterThan(1);
  expect(tasks.filter((task) => task.recurrence !== null).length).toBeGreaterThan(1);

  // A changed task stays as it is.
  const body = JSON.stringify({ title: 'My own title' });
  await fetch(`${url}/api/v1/tasks/${tasks[0]?.id}`, { method: 'PATCH', headers, body });
  const before = await list();
  const second = await runSource(script, [`${url}/`]).ended;
  expect(second).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('Created 0 tasks.') });
  expect(await list()).toEqual(before);
});

test('without a server it reports how to start one', async () => {
  const url = `http://localhost:${await freePort()}`;
  expect(await runSource(script, [url]).ended).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(new RegExp(`^seed: no server responds at ${url}\\. .*npm start.*\n$`)),
  });
});

interface Task {
  readonly id: string;
  readonly status: string;
  readonly priority: string;
  readonly due: object | null;
  readonly list_id: string | null;
  readonly parent_id: string | null;
  readonly recurrence: object | null;
}
