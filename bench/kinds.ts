/** Kinds of requests that the benchmarks measure. */
import type { LoadRequest } from './load.ts';

type Unsigned = Omit<LoadRequest, 'headers'>;

/**
 * Creates a request for a user with these tasks.
 *
 * @param turn the number of requests of this kind that the user has sent before
 */
export type Kind = (ids: readonly string[], turn: number) => Unsigned;

/** Returns the headers that identify the user. */
export type Sign = (user: string) => Record<string, string>;

const tasks = '/api/v1/tasks';

const readKinds: Readonly<Record<string, Kind>> = {
  'list of 20': () => ({ method: 'GET', path: `${tasks}?limit=20` }),
  'list of 100': () => ({ method: 'GET', path: tasks }),
  get: (ids) => ({ method: 'GET', path: `${tasks}/${pick(ids)}` }),
  'filtered list': () => ({ method: 'GET', path: `${tasks}?limit=20&status=Todo` }),
  'searched list': () => ({ method: 'GET', path: `${tasks}?limit=20&q=zepp` }),
};

const writeKinds: Readonly<Record<string, Kind>> = {
  create: () => ({ method: 'POST', path: tasks, body: '{"title":"buy milk"}' }),
  'create with a tag': () => ({ method: 'POST', path: tasks, body: '{"title":"buy milk","tags":["tag 1"]}' }),
  // Two turns per task, because a patch with the current values writes nothing.
  patch: (ids, turn) => ({
    method: 'PATCH',
    path: `${tasks}/${ids[Math.floor(turn / 2) % ids.length]}`,
    body: `{"status":"${turn % 2 === 0 ? 'Done' : 'Todo'}"}`,
  }),
};

export const kinds: Readonly<Record<string, Kind>> = { ...readKinds, ...writeKinds };

/** The ids of tasks, by user. */
export type Users = Readonly<Record<string, readonly string[]>>;

/** The users whose tasks are read, and those who write. They differ, so that the tasks of the readers stay the same. */
export interface ReadersAndWriters {
  readonly readers: Users;
  readonly writers: Users;
}

/** @param name of a kind */
export function usersFor(name: string, { readers, writers }: ReadersAndWriters): Users {
  return name in writeKinds ? writers : readers;
}

/**
 * Requests of all users in turn, so that no user dominates. The load generator repeats them.
 *
 * @param count a multiple of twice the number of users, because some kinds have two turns
 */
export function requestsOf(kind: Kind, users: Users, sign: Sign, count = 2_000): LoadRequest[] {
  const entries = Object.entries(users);
  return Array.from({ length: count }, (_, index) => {
    const [user, ids] = entries[index % entries.length] as [string, readonly string[]];
    const request = kind(ids, Math.floor(index / entries.length));
    return { ...request, headers: { ...sign(user), ...(request.body && { 'content-type': 'application/json' }) } };
  });
}

function pick<Item>(items: readonly Item[]): Item | undefined {
  return items[Math.floor(Math.random() * items.length)];
}
