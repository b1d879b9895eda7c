/**
 * Model-based test: random sequences of all operations by several users, with retries, duplicates, reordered requests and
 * lost responses. After each step, the API is compared with a simple model.
 */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Client, startApi, type TestApi } from '../support/api.ts';

let api: TestApi;

beforeAll(async () => {
  api = await startApi({ keep: true });
});

afterAll(() => api.stop());

interface ModelTask {
  title: string;
  description: string | null;
  status: string;
  priority: string;
  tags: string[];
  due: object | null;
  version: number;
}

/** One user's tasks, and the responses to the user's keys. */
class Model {
  readonly tasks = new Map<string, ModelTask>();
  /** The ids of deleted tasks, which stay taken. */
  readonly deleted = new Set<string>();
  readonly answers = new Map<string, { request: string; status: number; version: number | undefined }>();

  /** The tags that some task has, in the order of their code units. */
  inUse(): string[] {
    return [...new Set([...this.tasks.values()].flatMap(({ tags }) => tags))].sort();
  }

  /** A tag keeps its spelling while a task has it. Otherwise the first given spelling counts. */
  spell(names: readonly string[]): string[] {
    const spellings = new Map([...this.inUse(), ...names].toReversed().map((name) => [name.toLowerCase(), name]));
    const spelled = new Set(names.map((name) => spellings.get(name.toLowerCase()) as string));
    return [...spelled].sort(new Intl.Collator('und').compare);
  }
}

const ids = ['a', 'b', 'c'].map((letter) => `0193a5b0-7e5c-7b21-9c4e-00000000000${letter}`);
const id = fc.constantFrom(...ids);
const fields = fc.record(
  {
    title: fc.constantFrom('milk', 'bread', 'Käse'),
    description: fc.constantFrom(null, 'more'),
    status: fc.constantFrom('Todo', 'InProgress', 'Done'),
    priority: fc.constantFrom('Low', 'Medium', 'High'),
    tags: fc.subarray(['home', 'Home', 'work', 'WORK', 'x']),
    due: fc.constantFrom(null, { date: '2026-12-01' }, { date: '2026-12-01', time: '09:30', time_zone: 'Europe/Rome' }),
  },
  { requiredKeys: [] },
);
const version = fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined });
const change = fc.oneof(
  fc.record({ op: fc.constant('create' as const), id, fields: fields.map((given) => ({ title: 'new', ...given })) }),
  fc.record({
    op: fc.constant('replace' as const),
    id,
    fields: fields.map((given) => ({ title: 'new', ...given })),
    version,
  }),
  fc.record({ op: fc.constant('patch' as const), id, fields, version }),
  fc.record({ op: fc.constant('delete' as const), id, version }),
);
type Change = typeof change extends fc.Arbitrary<infer Value> ? Value : never;

const step = fc.record({
  user: fc.integer({ min: 0, max: 1 }),
  /** One change, or several in a batch. */
  changes: fc.oneof({ weight: 4, arbitrary: fc.tuple(change) }, fc.array(change, { minLength: 2, maxLength: 4 })),
  key: fc.option(fc.constantFrom('k1', 'k2', 'k3'), { nil: undefined }),
  /** How often the client sends it, because it has lost the response. */
  times: fc.constantFrom(1, 1, 1, 2, 3),
});
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

const defaults = { description: null, status: 'Todo', priority: 'Medium', tags: [], due: null };

/** The effect of a change on the model: its status, and the version after it. */
function apply(model: Model, each: Change): { status: number; version: number | undefined } {
  const stored = model.tasks.get(each.id);
  if (each.op === 'create') {
    const keys = (tags: readonly string[]) => [...new Set(tags.map((tag) => tag.toLowerCase()))].sort();
    const wanted = { ...defaults, ...each.fields };
    if (model.deleted.has(each.id)) return { status: 409, version: undefined };
    if (!stored) {
      model.tasks.set(each.id, { ...wanted, tags: model.spell(wanted.tags), version: 1 });
      return { status: 201, version: 1 };
    }
    const same = isDeepStrictEqual(
      { ...stored, tags: keys(stored.tags) },
      { ...wanted, tags: keys(wanted.tags), version: stored.version },
    );
    return same ? { status: 200, version: stored.version } : { status: 409, version: undefined };
  }
  if (!stored) return { status: 404, version: undefined };
  if (each.version !== undefined && each.version !== stored.version) return { status: 412, version: undefined };
  if (each.op === 'delete') {
    model.tasks.delete(each.id);
    model.deleted.add(each.id);
    return { status: 204, version: undefined };
  }
  const wanted: ModelTask = { ...stored, ...(each.op === 'replace' ? defaults : {}), ...each.fields };
  // A merge patch of an object merges into it.
  if (each.op === 'patch' && each.fields.due && stored.due) wanted.due = { ...stored.due, ...each.fields.due };
  if (each.fields.tags || each.op === 'replace') wanted.tags = model.spell(wanted.tags);
  if (isDeepStrictEqual(wanted, stored)) return { status: 200, version: stored.version };
  wanted.version += 1;
  model.tasks.set(each.id, wanted);
  return { status: 200, version: wanted.version };
}

function expected(model: Model, { changes, key }: Step) {
  const bodies = changes.length > 1 ? changes : changes.map((each) => ({ ...each, version: undefined }));
  const request = JSON.stringify(bodies);
  const earlier = key && model.answers.get(key);
  if (earlier) return earlier.request === request ? earlier : { status: 422, version: undefined };
  const before = new Map(model.tasks);
  const deletedBefore = [...model.deleted];
  let result = { status: 200, version: undefined as number | undefined };
  for (const each of changes) {
    // A batch has no replace operation: it patches every field, and merges the due date into the stored one.
    const isPatched = changes.length > 1 && each.op === 'replace';
    result = apply(
      model,
      isPatched ? ({ ...each, op: 'patch', fields: { ...defaults, ...each.fields } } as Change) : each,
    );
    if (result.status >= 400) {
      model.tasks.clear();
      for (const [at, task] of before) model.tasks.set(at, task);
      model.deleted.clear();
      for (const at of deletedBefore) model.deleted.add(at);
      break;
    }
  }
  if (changes.length > 1) result = { status: result.status >= 400 ? result.status : 200, version: undefined };
  if (key) model.answers.set(key, { request, ...result });
  return result;
}

function send(client: Client, { changes, key }: Step) {
  const headers: Record<string, string> = key ? { 'Idempotency-Key': key } : {};
  if (changes.length > 1) {
    const operations = changes.map((each) => {
      if (each.op === 'create') return { op: 'create', task: { id: each.id, ...each.fields } };
      const common = { id: each.id, ...(each.version !== undefined && { if_version: each.version }) };
      if (each.op === 'delete') return { op: 'delete', ...common };
      return { op: 'update', ...common, patch: each.op === 'replace' ? { ...defaults, ...each.fields } : each.fields };
    });
    return client.post('/api/v1/tasks/batch', { operations }, headers);
  }
  const [each] = changes as [Change];
  if (each.op === 'create') return client.post('/api/v1/tasks', { id: each.id, ...each.fields }, headers);
  if (each.version !== undefined) headers['If-Match'] = `"${each.version}"`;
  const path = `/api/v1/tasks/${each.id}`;
  if (each.op === 'delete') return client.delete(path, headers);
  return each.op === 'replace' ? client.put(path, each.fields, headers) : client.patch(path, each.fields, headers);
}

/** The names of all tags that the database has, with or without tasks. */
async function storedTagsOf({ userId }: Client): Promise<string[]> {
  const rows = await api.database.query<{ name: string }>('select name from todo.tags where owner_id = $1', [userId]);
  return rows.map(({ name }) => name).sort();
}

/** The counts that the quotas are held against. */
async function countsOf({ userId }: Client): Promise<object> {
  const [row] = await api.database.query('select tasks, tags from todo.heads where owner_id = $1', [userId]);
  return row ?? { tasks: 0, tags: 0 };
}

test('the API agrees with the model after any sequence of requests', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
      const clients = [api.user(), api.user()] as const;
      const models = [new Model(), new Model()] as const;
      for (const each of steps) {
        const [client, model] = [clients[each.user] as Client, models[each.user] as Model];
        // Without a key, a client that has lost the response cannot simply repeat the request.
        for (let time = 0; time < (each.key ? each.times : 1); time += 1) {
          const { status, version: left } = expected(model, each);
          const answer = await send(client, each);
          expect(answer.status).toBe(status);
          if (left !== undefined) expect(answer.headers.get('etag')).toBe(`"${left}"`);
        }
      }
      for (const [index, client] of clients.entries()) {
        const { body } = await client.get('/api/v1/tasks?sort=created_at');
        const stored = Object.fromEntries(
          body.map(({ id: at, title, description, status, priority, tags, due, version: current }: any) => [
            at,
            { title, description, status, priority, tags, due, version: current },
          ]),
        );
        const model = models[index] as Model;
        expect(stored).toEqual(Object.fromEntries(model.tasks));
        expect(await storedTagsOf(client)).toEqual(model.inUse());
        expect(await countsOf(client)).toEqual({ tasks: model.tasks.size, tags: model.inUse().length });
      }
    }),
    { numRuns: 60 },
  );
}, 120_000);

test('simultaneous requests have the effect of some sequential order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 2, maxLength: 4 }), async (changes) => {
      const client = api.user();
      const answers = await Promise.all(
        changes.map((each) => send(client, { user: 0, changes: [each], key: undefined, times: 1 })),
      );
      const statuses = answers.map(({ status }) => status);
      const { body } = await client.get('/api/v1/tasks');
      const versions = Object.fromEntries(body.map((task: any) => [task.id, task.version]));
      const isExplained = permutations([...changes.keys()]).some((order) => {
        const model = new Model();
        const results = new Map(order.map((index) => [index, apply(model, changes[index] as Change).status]));
        const left = Object.fromEntries([...model.tasks].map(([at, task]) => [at, task.version]));
        return (
          isDeepStrictEqual(
            statuses,
            changes.map((_, index) => results.get(index)),
          ) && isDeepStrictEqual(left, versions)
        );
      });
      expect(isExplained, JSON.stringify({ statuses, versions })).toBe(true);
    }),
    { numRuns: 60 },
  );
}, 120_000);

function permutations(items: readonly number[]): number[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item) => permutations(items.filter((other) => other !== item)).map((rest) => [item, ...rest]));
}
