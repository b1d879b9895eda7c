/**
 * Measures the requests that change many tasks at once, by the number of the tasks, and writes
 * `bench/results/many-tasks.md`. Each task has two tags and five words, and three of four are subtasks.
 *
 * Usage: npm run bench:many -- [numbers of tasks]
 */
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { startPostgres } from '../test/support/postgres-server.ts';
import { startIdentity } from './identity.ts';
import { runOnce, startServer } from './processes.ts';

const given = process.argv.slice(2).map(Number);
const sizes = given.length > 0 ? given : [1_000, 3_000, 10_000];
const postgres = await startPostgres();
const url = `${postgres.url}/postgres`;
const identity = await startIdentity();
const server = await startServer({ DATABASE_URL: url, ...identity.variables });

/** The time of a request in milliseconds, with its status if it failed. */
type Measured = Readonly<Record<string, string>>;

try {
  const columns: Measured[] = [];
  for (const size of sizes) columns.push(await measure(size));
  writeFileSync('bench/results/many-tasks.md', page(columns));
} finally {
  await server.stop();
  await identity.close();
  await postgres.stop();
}

async function measure(size: number): Promise<Measured> {
  const authorization = `Bearer ${identity.token(`user-${size}`)}`;
  const send = async (method: string, path: string, body?: unknown) => {
    const started = performance.now();
    const response = await fetch(`${server.url}/api/v1${path}`, {
      method,
      headers: { authorization, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const time = Math.round(performance.now() - started).toLocaleString('en');
    const shown = response.ok ? time : `${time} (${response.status})`;
    return { shown, body: text && JSON.parse(text), changeSet: response.headers.get('change-set') };
  };
  const list = (await send('POST', '/lists', { name: 'Many' })).body.id;
  const parent = await fillList(send, list, size);
  await runOnce(url, 'vacuum analyze');
  const measured: Record<string, string> = {};
  const note = async (name: string, method: string, path: string, body?: unknown) => {
    const done = await send(method, path, body);
    measured[name] = done.shown;
    console.log(size, name, done.shown);
    return `/change-sets/${done.changeSet}/undo`;
  };
  const undo = await note('deletion of the list with its tasks', 'DELETE', `/lists/${list}?tasks=delete`);
  const redo = await note('undo of the deletion', 'POST', undo);
  await note('undo of that undo', 'POST', redo);
  await note('restoration of the list', 'POST', `/trash/${list}/restore`);
  const move = await note('deletion of the list, whose tasks move to the inbox', 'DELETE', `/lists/${list}?tasks=keep`);
  await note('undo of that deletion', 'POST', move);
  const complete = await note('completion of a task with subtasks', 'PATCH', `/tasks/${parent}`, { status: 'Done' });
  await note('undo of the completion', 'POST', complete);
  await note('deletion of a task with subtasks', 'DELETE', `/tasks/${parent}`);
  await note('restoration of the task with its subtasks', 'POST', `/trash/${parent}/restore`);
  const rename = await note('renaming of a tag on every task', 'PATCH', '/tags/all', { name: 'every' });
  await note('undo of the renaming', 'POST', rename);
  return measured;
}

/** Returns a task with half of the other tasks as subtasks. */
async function fillList(
  send: (method: string, path: string, body: unknown) => Promise<unknown>,
  list_id: string,
  size: number,
): Promise<string> {
  const ids = Array.from({ length: size }, () => crypto.randomUUID());
  const parentOf = (index: number) => {
    if (index > 0 && index <= size / 2) return ids[0];
    return index % 4 === 0 ? null : ids[index - (index % 4)];
  };
  const operations = ids.map((id, index) => {
    const title = `task ${index} of some words`;
    return {
      op: 'create',
      task: { id, title, list_id, parent_id: parentOf(index), tags: ['all', `tag ${index % 50}`] },
    };
  });
  for (let start = 0; start < size; start += 100) {
    await send('POST', '/tasks/batch', { operations: operations.slice(start, start + 100) });
  }
  return ids[0] as string;
}

function page(columns: readonly Measured[]): string {
  const { version } = createRequire(import.meta.url)('../package.json');
  const cells = (values: readonly string[]) => `| ${values.join(' | ')} |`;
  const names = Object.keys(columns[0] ?? {});
  return `# Requests that change many tasks

Milliseconds per request, for a list with so many tasks. Each task has two tags and five words. Half of the tasks are subtasks
of one task, and most of the others are subtasks, too. Written by \`npm run bench:many\` (todo-api ${version}, ${cpus().length} cores of ${cpus()[0]?.model.trim()}): each
request once, one after the other. A status in brackets is that of a request that failed.

${cells(['Request', ...sizes.map((size) => `${size.toLocaleString('en')} tasks`)])}
${cells(['---', ...sizes.map(() => '--:')])}
${names.map((name) => cells([name, ...columns.map((column) => column[name] ?? '')])).join('\n')}
`;
}
