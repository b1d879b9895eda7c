/** Kinds of requests that the benchmarks measure. */
import type { LoadRequest } from './load.ts';

type Unsigned = Omit<LoadRequest, 'headers'>;

/** Creates a request for a user with these tasks. */
export type Kind = (ids: readonly string[]) => Unsigned;

/** Returns the headers that identify the user. */
export type Sign = (user: string) => Record<string, string>;

const tasks = '/api/v1/tasks';

export const kinds: Readonly<Record<string, Kind>> = {
  'list of 20': () => ({ method: 'GET', path: `${tasks}?limit=20` }),
  'list of 100': () => ({ method: 'GET', path: tasks }),
  get: (ids) => ({ method: 'GET', path: `${tasks}/${pick(ids)}` }),
  'filtered list': () => ({ method: 'GET', path: `${tasks}?limit=20&status=Todo` }),
  'searched list': () => ({ method: 'GET', path: `${tasks}?limit=20&q=zepp` }),
  create: () => ({ method: 'POST', path: tasks, body: '{"title":"buy milk","tags":["tag 1"]}' }),
  patch: (ids) => ({ method: 'PATCH', path: `${tasks}/${pick(ids)}`, body: `{"title":"milk ${Math.random()}"}` }),
};

/** The ids of tasks, by user. */
export type Users = Readonly<Record<string, readonly string[]>>;

/** Requests of all users in turn, so that no user dominates. */
export function requestsOf(kind: Kind, users: Users, sign: Sign, count = 250): LoadRequest[] {
  const entries = Object.entries(users);
  return Array.from({ length: count }, (_, index) => {
    const [user, ids] = entries[index % entries.length] as [string, readonly string[]];
    const request = kind(ids);
    return { ...request, headers: { ...sign(user), ...(request.body && { 'content-type': 'application/json' }) } };
  });
}

function pick<Item>(items: readonly Item[]): Item | undefined {
  return items[Math.floor(Math.random() * items.length)];
}
