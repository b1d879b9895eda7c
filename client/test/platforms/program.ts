/** Uses the client as an application does: it writes, lists, follows changes, and handles a conflict. */
import { type Changes, createTodoClient, TodoProblem } from '../../src/index.ts';

/** @returns 'ok', or what differs */
export async function useClient(url: string, token: string): Promise<string> {
  const client = createTodoClient({ url, getToken: () => token });
  const pages = client.events();
  await pages.next();
  const task = await client.tasks.create({ title: 'Buy milk ☕', tags: ['shop'] });
  const { changes } = (await pages.next()).value as Changes;
  await pages.return();
  const [change] = changes;
  if (change?.op !== 'put' || change.task?.id !== task.id) return `received ${JSON.stringify(changes)}`;
  await client.tasks.update(task.id, { status: 'Done' }, { ifVersion: 1 });
  const conflict = await failureOf(client.tasks.update(task.id, { status: 'Todo' }, { ifVersion: 1 }));
  if (!(conflict instanceof TodoProblem) || conflict.currentVersion !== 2) return `no conflict, but ${conflict}`;
  const { changeSet } = await client.tasks.delete(task.id).withResponse();
  await client.changeSets.undo(changeSet);
  const unreachable = createTodoClient({ url: 'http://127.0.0.1:9', retries: 1 });
  const failure = await failureOf(unreachable.me());
  if (!(failure instanceof Error) || failure instanceof TodoProblem) return `no network failure, but ${failure}`;
  const titles = (await client.tasks.list({ limit: 1 }).toArray()).map(({ title }) => title);
  return titles.join() === 'Buy milk ☕' ? 'ok' : `listed ${titles}`;
}

function failureOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => undefined,
    (error) => error,
  );
}
