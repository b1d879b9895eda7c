/** Recurring tasks in tests: the day that it is, and the occurrences of a user. */
import { expect, onTestFinished, vi } from 'vitest';
import type { Answer, Client, TestApi } from './api.ts';

export const tasks = '/api/v1/tasks';

/** Sets the clock of the server until the test ends. The time of tokens is the real one, so create users before. */
export function setClock(instant: string): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.parse(instant) });
  onTestFinished(() => void vi.useRealTimers());
}

/** Creates a task that recurs by a rule, or with these fields of its recurrence. */
export async function createRecurring(
  user: Client,
  recurrence: string | object,
  due: string | object,
  fields: object = {},
): Promise<any> {
  const { status, text, body } = await user.post(tasks, {
    title: 'Water the plants',
    recurrence: typeof recurrence === 'string' ? { rule: recurrence } : recurrence,
    due: typeof due === 'string' ? { date: due } : due,
    ...fields,
  });
  expect(status, text).toBe(201);
  return body;
}

export async function complete(user: Client, id: string, query = ''): Promise<Answer> {
  const answer = await user.patch(`${tasks}/${id}${query}`, { status: 'Done' });
  expect(answer.status, answer.text).toBe(200);
  return answer;
}

export async function read(user: Client, id: string): Promise<any> {
  return (await user.get(`${tasks}/${id}`)).body;
}

/** The tasks that are not completed, in the order of their due dates. */
export async function openTasks(user: Client): Promise<any[]> {
  return (await user.get(`${tasks}?status=Todo&status=InProgress&sort=due`)).body;
}

/** Their due days. */
export async function openDays(user: Client): Promise<string[]> {
  return (await openTasks(user)).map(({ due }) => due?.date);
}

export const changeSetOf = ({ headers }: Answer) => headers.get('change-set') as string;

export function undo(user: Client, changeSet: string): Promise<Answer> {
  return user.request('POST', `/api/v1/change-sets/${changeSet}/undo`);
}

/** Makes a task a subtask of another one. */
export async function setParent({ database }: TestApi, { userId }: Client, id: string, parent: string): Promise<void> {
  await database.query('update todo.tasks set parent_id = $3 where owner_id = $1 and id = $2', [userId, id, parent]);
}
