/** TanStack Query for the client: the options of its queries and mutations, for React, Vue, Solid, Svelte and Angular. */
import type { DataTag, DefaultError, InfiniteData, MutationOptions, QueryKey } from '@tanstack/query-core';
import { type Change, changeCached, patched, removed } from './cached-results.ts';
import type { TodoClient } from './client.ts';
import type {
  TaskCreate,
  TaskListCreate,
  TaskListMove,
  TaskListPatch,
  TaskListReplace,
  TaskMove,
  TaskPatch,
  TaskReplace,
} from './generated/api.ts';
import type { JsonObject } from './offline/merge-patch.ts';
import type { CallOptions, QueryOf } from './operations.ts';
import type { Page, PagedList } from './pages.ts';

type TaskQuery = QueryOf<'listTasks'>;
type CountQuery = QueryOf<'countTasks'>;
type TrashQuery = QueryOf<'listTrash'>;

const root = 'todo-api';

/** The keys of all queries. A key begins with those of the groups it belongs to. */
export const todoKeys = {
  all: [root],
  tasks: {
    all: [root, 'tasks'],
    list: (query: TaskQuery = {}) => [root, 'tasks', 'list', query] as const,
    pages: (query: TaskQuery = {}) => [root, 'tasks', 'pages', query] as const,
    count: (query: CountQuery = {}) => [root, 'tasks', 'count', query] as const,
    get: (id: string) => [root, 'tasks', 'get', id] as const,
    history: (id: string) => [root, 'tasks', 'history', id] as const,
  },
  lists: {
    all: [root, 'lists'],
    list: () => [root, 'lists', 'list'] as const,
    get: (id: string) => [root, 'lists', 'get', id] as const,
  },
  tags: { list: () => [root, 'tags', 'list'] as const },
  trash: { pages: (query: TrashQuery = {}) => [root, 'trash', 'pages', query] as const },
} as const;

interface Signal {
  readonly signal: AbortSignal;
}

/** The options of a query. The type of the key has the type of the result, for `queryClient.getQueryData`. */
export interface TodoQuery<Key extends QueryKey, Data> {
  queryKey: DataTag<Key, Data>;
  queryFn: (context: Signal) => Promise<Data>;
  retry: false;
}

/** A cursor; null for the first page. */
type PageParam = string | null;

/** The options of an infinite query. */
export interface TodoPages<Key extends QueryKey, Item> {
  queryKey: DataTag<Key, InfiniteData<Page<Item>, PageParam>>;
  queryFn: (context: Signal & { readonly pageParam: PageParam }) => Promise<Page<Item>>;
  initialPageParam: PageParam;
  getNextPageParam: (page: Page<Item>) => PageParam;
  retry: false;
}

/** The id of a resource, and the version that it must have; otherwise the problem is `version_mismatch`. */
export interface Target {
  readonly id: string;
  readonly ifVersion?: number | undefined;
}

/** Cached results before an optimistic change, which a failure restores. */
export type CachedResults = readonly (readonly [QueryKey, unknown])[];

export type TodoMutation<Data, Variables> = MutationOptions<Data, DefaultError, Variables, CachedResults | undefined>;

/**
 * Options for `useQuery`, `useInfiniteQuery` and `useMutation`, and for the methods of a `QueryClient`.
 *
 * The client retries reads itself, so queries have `retry: false`. Mutations leave `onSuccess` to the application.
 */
export function todoQueries(client: TodoClient) {
  const { tasks, lists, tags, trash, changeSets } = client;
  return {
    tasks: {
      /** The tasks of all pages. `limit` is the size of a page. */
      list: (query?: TaskQuery) =>
        queryOptions(todoKeys.tasks.list(query), (options) => tasks.list(query, options).toArray()),
      /** For infinite queries: page by page. */
      pages: (query?: TaskQuery) =>
        pagesOptions(todoKeys.tasks.pages(query), (next, options) => tasks.list({ ...query, ...next }, options)),
      count: (query?: CountQuery) =>
        queryOptions(todoKeys.tasks.count(query), (options) => tasks.count(query, options)),
      get: (id: string) => queryOptions(todoKeys.tasks.get(id), (options) => tasks.get(id, options)),
      /** For infinite queries: the changes of a task, newest first. */
      history: (id: string) =>
        pagesOptions(todoKeys.tasks.history(id), (next, options) => tasks.history(id, next, options)),

      create: () => mutationOptions(['tasks', 'create'], (body: TaskCreate) => tasks.create(body)),
      replace: () =>
        mutationOptions(['tasks', 'replace'], ({ id, task, ifVersion }: Target & { readonly task: TaskReplace }) =>
          tasks.replace(id, task, { ifVersion }),
        ),
      /** Shows the patched task at once. */
      update: () =>
        mutationOptions(
          ['tasks', 'update'],
          ({ id, patch, ifVersion }: Target & { readonly patch: TaskPatch }) => tasks.update(id, patch, { ifVersion }),
          ({ patch }) => patched(patch as JsonObject),
        ),
      /** Removes the task from all lists at once. */
      delete: () =>
        mutationOptions(['tasks', 'delete'], ({ id, ifVersion }: Target) => tasks.delete(id, { ifVersion }), removed),
      move: () =>
        mutationOptions(['tasks', 'move'], ({ id, to, ifVersion }: Target & { readonly to: TaskMove }) =>
          tasks.move(id, to, { ifVersion }),
        ),
      skip: () => mutationOptions(['tasks', 'skip'], ({ id, ifVersion }: Target) => tasks.skip(id, { ifVersion })),
    },

    lists: {
      list: () => queryOptions(todoKeys.lists.list(), (options) => lists.list(options)),
      get: (id: string) => queryOptions(todoKeys.lists.get(id), (options) => lists.get(id, options)),

      create: () => mutationOptions(['lists', 'create'], (body: TaskListCreate) => lists.create(body)),
      replace: () =>
        mutationOptions(['lists', 'replace'], ({ id, list, ifVersion }: Target & { readonly list: TaskListReplace }) =>
          lists.replace(id, list, { ifVersion }),
        ),
      /** Shows the patched list at once. */
      update: () =>
        mutationOptions(
          ['lists', 'update'],
          ({ id, patch, ifVersion }: Target & { readonly patch: TaskListPatch }) =>
            lists.update(id, patch, { ifVersion }),
          ({ patch }) => patched(patch as JsonObject),
        ),
      /** Removes the list at once. */
      delete: () =>
        mutationOptions(
          ['lists', 'delete'],
          ({ id, tasks, ifVersion }: Target & QueryOf<'deleteList'>) => lists.delete(id, { tasks, ifVersion }),
          removed,
        ),
      move: () =>
        mutationOptions(['lists', 'move'], ({ id, to, ifVersion }: Target & { readonly to: TaskListMove }) =>
          lists.move(id, to, { ifVersion }),
        ),
    },

    tags: {
      list: () => queryOptions(todoKeys.tags.list(), (options) => tags.list(options)),
      rename: () =>
        mutationOptions(['tags', 'rename'], ({ name, newName }: { readonly name: string; readonly newName: string }) =>
          tags.rename(name, newName),
        ),
    },

    trash: {
      /** For infinite queries: deleted tasks and lists, newest first. */
      pages: (query?: TrashQuery) =>
        pagesOptions(todoKeys.trash.pages(query), (next, options) => trash.list({ ...query, ...next }, options)),
      restore: () =>
        mutationOptions(['trash', 'restore'], ({ id, ifVersion }: Target) => trash.restore(id, { ifVersion })),
      purge: () => mutationOptions(['trash', 'purge'], ({ id, ifVersion }: Target) => trash.purge(id, { ifVersion })),
      empty: () =>
        mutationOptions<Awaited<ReturnType<typeof trash.empty>>, void>(['trash', 'empty'], () => trash.empty()),
    },

    /** Reverts all changes of a request. The variable is its change set. */
    undo: () => mutationOptions(['undo'], (changeSet: string) => changeSets.undo(changeSet)),
  };
}

function queryOptions<Key extends QueryKey, Data>(
  key: Key,
  read: (options: CallOptions) => Promise<Data>,
): TodoQuery<Key, Data> {
  return {
    queryKey: key as DataTag<Key, Data>,
    queryFn: ({ signal }) => read({ signal }),
    retry: false,
  };
}

function pagesOptions<Key extends QueryKey, Item>(
  key: Key,
  read: (next: { skip?: undefined; cursor?: string }, options: CallOptions) => PagedList<Item>,
): TodoPages<Key, Item> {
  return {
    queryKey: key as DataTag<Key, InfiniteData<Page<Item>, PageParam>>,
    async queryFn({ signal, pageParam }) {
      const list = read(pageParam === null ? {} : { skip: undefined, cursor: pageParam }, { signal });
      return (await list.pages().next()).value;
    },
    initialPageParam: null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
    retry: false,
  };
}

interface Identified {
  readonly id: string;
}

/**
 * @param expected the change of the resource that is shown until the server responds
 */
function mutationOptions<Data, Variables>(
  name: readonly [type: string, action?: string],
  write: (variables: Variables) => Promise<Data>,
  expected?: (variables: Variables) => Change,
): TodoMutation<Data, Variables> {
  const type = [root, name[0]];
  return {
    mutationKey: [root, ...name],
    async mutationFn(variables, { client }) {
      const data = await write(variables);
      const { id } = (data ?? {}) as Partial<Identified>;
      if (id && (name[0] === 'tasks' || name[0] === 'lists')) {
        changeCached(client, type, id, () => data as object);
        client.setQueryData([...type, 'get', id], data);
      }
      return data;
    },
    async onMutate(variables, { client }) {
      if (!expected) return undefined;
      // A response in progress would show the state before the change.
      await client.cancelQueries({ queryKey: type });
      const before = client.getQueriesData({ queryKey: type });
      changeCached(client, type, (variables as Identified).id, expected(variables));
      return before;
    },
    onError(_error, _variables, before, { client }) {
      for (const [key, data] of before ?? []) client.setQueryData(key, data);
    },
    /** A write can affect counts, tags, subtasks and the trash, so all queries are read again. */
    onSettled(_data, _error, _variables, _before, { client }) {
      // The results of other writes in progress would be hidden until they settle.
      if (client.isMutating({ mutationKey: todoKeys.all }) > 1) return undefined;
      return client.invalidateQueries({ queryKey: todoKeys.all });
    },
  };
}
