/**
 * The most expensive requests within the limits: the largest valid request of every operation in the OpenAPI document, and
 * the largest ones that are rejected.
 */
import { documentedOperations } from '../support/document.ts';
import { resolved, type Schema } from './values-from-schema.ts';

export interface ExpensiveRequest {
  readonly name: string;
  readonly method: string;
  readonly target: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Without a token. */
  readonly isAnonymous?: boolean;
}

/** Each request of a series has other texts, so that each write changes something. */
export type Series = (turn: number) => ExpensiveRequest;

export const tasksOfUser = 11_000;
export const tagsOfUser = 1_000;

/** A third of them is for each of the operations that need one. */
const trashOfUser = 60;

/** Words that every task has. */
const frequentWords = ['buy', 'milk', 'call', 'write', 'plan', 'check', 'report', 'garden', 'invoice'];

/**
 * Of 1,000 tasks from this number on. A transaction updates the user's head once per task, and PostgreSQL looks through all
 * versions of a row that its own transaction has made.
 */
const fillTasks = (first: number) => `
  insert into todo.tasks (owner_id, id, title, description, created_at, updated_at)
  select $1, ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 'buy milk ' || n,
         case when n <= 200 then repeat(chr(128512 + n % 50), 10000) end,
         timestamptz '2020-01-01Z' - n * interval '1 second', timestamptz '2020-01-01Z'
  from generate_series(${first}, ${first + 999}) as n`;

const fillWords = `
  insert into todo.task_words (owner_id, task_id, word, in_title)
  select owner_id, id, word, true
  from todo.tasks, unnest(string_to_array(title, ' ') || array['${frequentWords.slice(2).join("', '")}']) as word
  where owner_id = $1`;

const fillTags = `
  insert into todo.tags (owner_id, name, key) select $1, 'tag ' || n, 'tag ' || n from generate_series(0, ${tagsOfUser - 1}) as n`;

/** The rule whose next day is the most expensive one. */
const expensiveRule = 'FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYSETPOS=-1;COUNT=1000';

/** Recurring tasks: 100 for each run of a batch, and those that single requests read and change. */
const [firstRecurring, lastRecurring] = [2_001, 3_300];

/** The evaluation of COUNT has a limit per batch. */
const fillSeries = `
  update todo.tasks
  set due_date = '1900-01-01', recurrence_from = 'Due', recurrence_missed = 'Each', recurrence_anchor = '1900-01-01',
      recurrence_day = '1900-01-01', recurrence_rule =
        case when id < '${idOf(lastRecurring - 99)}' then '${expensiveRule.replace(/;COUNT.*/, '')}' else '${expensiveRule}' end
  where owner_id = $1 and id between '${idOf(firstRecurring)}' and '${idOf(lastRecurring)}'`;

/** Of the tasks with these numbers modulo 10. */
const assignTags = (digit: number) => `
  with tagged as (
    update todo.tasks set tag_names = array['tag ' || right(id::text, 12)::integer % ${tagsOfUser}]
    where owner_id = $1 and right(id::text, 1) = '${digit}'
    returning id, tag_names[1] as tag
  )
  insert into todo.task_tags (owner_id, task_id, tag_id)
  select $1, tagged.id, tag.id from tagged join todo.tags as tag on tag.owner_id = $1 and tag.name = tagged.tag`;

/** Nearly as many as the quota allows. */
const fillLists = `
  insert into todo.lists (owner_id, id, name, position)
  select $1, gen_random_uuid(), repeat(chr(128512 + n % 50), 100), todo.position_at(n) from generate_series(1, 900) as n`;

const fillTrash = `
  with trashed as (
    select n, ('00000000-0000-7000-8000-' || lpad((20000 + n)::text, 12, '0'))::uuid as id,
           ('00000000-0000-7000-8000-' || lpad((30000 + n)::text, 12, '0'))::uuid as change_set,
           (select string_agg(chr(19968 + (i * 7919 + n * 101) % 20000), '') from generate_series(1, 10000) as i) as description
    from generate_series(1, ${trashOfUser}) as n
  ), deleted as (
    insert into todo.deleted (owner_id, resource, id, seq, version, deleted_at, change_set, content)
    select $1, 'task', id, ${3 * tasksOfUser} + n, 2, now(), change_set, jsonb_build_object(
             'id', id, 'owner_id', $1::text, 'title', 'buy milk ' || n, 'description', description, 'status', 'Todo', 'priority', 'Low',
             'tags', '[]'::jsonb, 'version', 1, 'created_at', now(), 'updated_at', now())
    from trashed
  ), history as (
    insert into todo.changes (owner_id, seq, resource, id, kind, version, at, change_set)
    select $1, ${3 * tasksOfUser} + n, 'task', id, 'Deleted', 2, now(), change_set from trashed
  )
  update todo.heads set seq = ${3 * tasksOfUser + trashOfUser} where owner_id = $1`;

/** API tokens, fewer than the quota. */
const fillTokens = `
  insert into todo.tokens (owner_id, id, name, scopes, hash, expires_at)
  select $1, ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 'x', '{tasks:read}', '\\x00', now() + interval '1 day'
  from generate_series(1, 30) as n`;

/** Fill the database for a user with many tasks, long ones first, 1,000 tags, and API tokens. The parameter is the user. */
export const filling = [
  ...Array.from({ length: tasksOfUser / 1_000 }, (_, index) => fillTasks(1 + 1_000 * index)),
  fillWords,
  fillTags,
  ...Array.from({ length: 10 }, (_, digit) => assignTags(digit)),
  fillTrash,
  fillLists,
  fillSeries,
  fillTokens,
];

const collection = '/api/v1/tasks';

/** Bodies with fewer fields than their schemas have. */
const bodies: Readonly<Record<string, object>> = { moveList: { to: 'start' }, moveTask: { to: 'start' } };

/** The numbers of the lists that a batch moves. No request deletes them. */
export const movedLists: readonly number[] = Array.from({ length: 10 }, (_, index) => 101 + index);

/** The id of a task of the user. The first 200 have the longest descriptions. */
export function idOf(n: number): string {
  return `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`;
}

/** The first ids of the operations on deleted tasks, on the change sets that deleted them, and on recurring tasks. */
const firstIds: Readonly<Record<string, number>> = {
  restoreFromTrash: 20_001,
  purgeFromTrash: 20_001 + trashOfUser / 3,
  undoChangeSet: 30_001 + (trashOfUser / 3) * 2,
  skipTask: lastRecurring - 99,
  listTaskOccurrences: lastRecurring - 49,
};

/** Parameters that have no largest value, or whose largest value would make the list empty. */
const parameterValues: Readonly<Record<string, (turn: number, operationId: string) => unknown>> = {
  id: (turn, operationId) =>
    idOf(firstIds[operationId] === undefined ? 1 + (turn % 200) : firstIds[operationId] + turn),
  code: () => 'validation-failed',
  cursor: () => undefined,
  since: () => undefined,
  'Last-Event-Id': () => undefined,
  q: () => Array.from({ length: 10 }, (_, index) => `${'x'.repeat(18)}${index}`).join(' '),
  'Idempotency-Key': (turn, operationId) => `${operationId}${turn}`.padEnd(255, 'x'),
  status: () => ['Todo', 'InProgress', 'Done'],
  priority: () => ['Low', 'Medium', 'High'],
  tag: () => Array.from({ length: 20 }, (_, index) => `tag ${index}`),
  list_id: () => Array.from({ length: 20 }, (_, index) => (index === 0 ? 'inbox' : idOf(index))),
  parent_id: () => 'none',
  name: (turn) => `tag ${turn}`,
  'If-Match': () => `*`,
  'If-None-Match': () => Array.from({ length: 2_500 }, (_, index) => `"${100 + (index % 900)}"`).join(','),
};

/** The largest value of a schema. */
function largest(schema: Schema, turn: number): unknown {
  const { type, enum: options, const: fixed, ...rest } = resolved(schema);
  const branches = (rest.anyOf ?? rest.oneOf) as Schema[] | undefined;
  if (fixed !== undefined) return fixed;
  if (options) return longest((options as unknown[]).filter((option) => option !== null));
  if (branches) return longest(branches.map((branch) => largest(branch, turn)));
  switch (Array.isArray(type) ? type.find((each) => each !== 'null') : type) {
    case 'boolean':
      return turn % 2 === 0;
    case 'integer':
      return rest.maximum;
    case 'array':
      return Array.from({ length: Number(rest.maxItems) }, (_, index) =>
        largest(rest.items as Schema, turn * 100 + index),
      );
    case 'object':
      return Object.fromEntries(
        Object.entries(rest.properties ?? {}).map(([name, each]) => [
          name,
          // A list or a parent would have to exist.
          ['list_id', 'parent_id'].includes(name) ? null : largest(each as Schema, turn),
        ]),
      );
    case 'string':
      return largestText(rest, turn);
    default:
      return null;
  }
}

/** Text of different characters, each of which is a word. */
function largestText({ format, pattern, maxLength, example, examples }: Omit<Schema, 'type'>, turn: number): string {
  if (format === 'uuid') return idOf(1_000_000 + turn);
  if (format === 'date') return '2026-12-01';
  if (format === 'date-time') return '2026-11-20T09:30:00.000000Z';
  if (pattern) return String(pattern).startsWith('^#') ? '#1e90ff' : '09:30';
  if (maxLength === undefined) return String(example ?? (examples as unknown[] | undefined)?.[0]);
  return Array.from({ length: Number(maxLength) }, (_, index) =>
    String.fromCodePoint(0x4e00 + ((index * 7_919 + turn * 101) % 20_000)),
  ).join('');
}

function longest(values: readonly unknown[]): unknown {
  return values.reduce((one, other) => (JSON.stringify(other).length > JSON.stringify(one).length ? other : one));
}

/** Deletions come last, because the other operations need what they delete. */
function turnOf({ method, operation }: (typeof documentedOperations)[number]): number {
  if (operation.operationId === 'emptyTrash') return 2;
  return method === 'DELETE' ? 1 : 0;
}

/**
 * Batches are below, because their operations have a limit together. A stream does not end, and reads the same pages as
 * `listChanges`. An export and an erasure run in steps, and their cost depends on all that the user has. The requests of an
 * import are many batches in one.
 */
const unmeasured = ['runBatch', 'runResourceBatch', 'streamEvents', 'export', 'importLines', 'eraseMe'];

/** The largest valid request of each other operation. */
export const largestRequests: readonly Series[] = documentedOperations
  .filter(({ operation }) => !unmeasured.includes(operation.operationId))
  .sort((one, other) => turnOf(one) - turnOf(other))
  .map(({ method, path, operation }) => (turn: number) => {
    const values = (place: string) =>
      operation.parameters
        .filter((parameter) => parameter.in === place)
        .map(({ name, schema }) => {
          const given = parameterValues[name];
          return [name, given ? given(turn, operation.operationId) : largest(schema as Schema, turn)] as const;
        })
        .filter(([, value]) => value !== undefined);
    const ids = new Map(values('path'));
    // The ends of a range are equal, and two ranges of due dates need no more.
    const query = new URLSearchParams(
      values('query').flatMap(([name, value]) =>
        (Array.isArray(value) ? value : [value]).map((each): [string, string] => [name, String(each)]),
      ),
    );
    const [body] = Object.values(operation.requestBody?.content ?? {});
    const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => String(ids.get(name)));
    return {
      name: `${method} ${path}`,
      method,
      target: query.size > 0 ? `${filled}?${query}` : filled,
      headers: Object.fromEntries(values('header').map(([name, value]) => [name, String(value)])),
      ...(body && { body: JSON.stringify(bodies[operation.operationId] ?? largest(body.schema as Schema, turn)) }),
      isAnonymous: operation.security.length === 0,
    };
  });

function batch(
  name: string,
  operationOf: (index: number, turn: number) => object,
  target = `${collection}/batch`,
): Series {
  return (turn) => ({
    name: `POST ${target}: ${name}`,
    method: 'POST',
    target,
    body: JSON.stringify({ operations: Array.from({ length: 100 }, (_, index) => operationOf(index, turn)) }),
  });
}

const words = (count: number, seed: number) =>
  Array.from({ length: count }, (_, index) => ((index * 7_919 + seed * 104_729) % 1_679_616).toString(36)).join(' ');

const tags = (count: number, seed: number) =>
  Array.from({ length: count }, (_, index) => `tag ${1 + ((seed * count + index) % tagsOfUser)}`);

const text = (characters: (index: number) => string, length: number, turn: number) =>
  Array.from({ length }, (_, index) => characters(index + turn)).join('');

function patch(name: string, body: (turn: number) => object): Series {
  return (turn) => ({
    name: `PATCH ${collection}/{id}: ${name}`,
    method: 'PATCH',
    target: `${collection}/${idOf(1_000)}`,
    body: JSON.stringify(body(turn)),
  });
}

function get(name: string, target: string, headers: Readonly<Record<string, string>> = {}): Series {
  return () => ({ name: `GET ${name}`, method: 'GET', target, headers });
}

function preview(name: string, rule: string): Series {
  const body = JSON.stringify({ recurrence: { rule }, due: { date: '1900-01-01' }, limit: 100 });
  const target = '/api/v1/recurrence/preview';
  return () => ({ name: `POST ${target}: ${name}`, method: 'POST', target, body });
}

/** Other valid requests that have been expensive. */
export const otherRequests: readonly Series[] = [
  batch('100 creations with 30 words', (index, turn) => ({
    op: 'create',
    task: { title: words(10, index + 100 * turn), description: words(20, index + 37 * turn) },
  })),
  batch('100 creations with 7 tags', (index, turn) => ({
    op: 'create',
    task: { title: `x${turn}`, tags: tags(7, index + 100 * turn) },
  })),
  batch('100 changes with 7 tags', (index, turn) => ({
    op: 'update',
    id: idOf(1_001 + index),
    patch: { status: turn % 2 ? 'Done' : 'Todo', tags: tags(7, index + 100 * turn) },
  })),
  batch('100 completions of recurring tasks', (index, turn) => ({
    op: 'update',
    id: idOf(firstRecurring + index + 100 * turn),
    patch: { status: 'Done' },
  })),
  (turn) => ({
    name: `POST ${collection}/batch: 6 completions of tasks with COUNT=1000`,
    method: 'POST',
    target: `${collection}/batch`,
    body: JSON.stringify({
      operations: [1, 2, 3, 4, 5, 6].map((number) => ({
        op: 'update',
        id: idOf(lastRecurring + 1 - number - 6 * turn),
        patch: { status: 'Done' },
      })),
    }),
  }),
  batch('100 creations of recurring tasks', (index, turn) => ({
    op: 'create',
    task: { title: `x${turn}`, due: { date: `19${10 + (index % 80)}-01-01` }, recurrence: { rule: expensiveRule } },
  })),
  batch('100 changes of the tags of one task', (index, turn) => ({
    op: 'update',
    id: idOf(1_200),
    patch: { tags: tags(2, index + 100 * turn) },
  })),
  batch('100 changes of the words of one task', (index, turn) => ({
    op: 'update',
    id: idOf(1_201),
    patch: { description: words(10, index + 100 * turn) },
  })),
  batch(
    '100 moves of tasks',
    (index) => ({ type: 'task', op: 'move', id: idOf(1_001 + index), task: { to: 'start' } }),
    '/api/v1/batch',
  ),
  batch(
    '100 moves of lists',
    (index) => ({
      type: 'list',
      op: 'move',
      id: idOf(movedLists[index % movedLists.length] as number),
      list: { to: index % 2 ? 'start' : 'end' },
    }),
    '/api/v1/batch',
  ),
  patch('10,000 Chinese characters', (turn) => ({
    description: text((index) => String.fromCodePoint(0x4e00 + ((index * 7_919) % 20_000)), 10_000, 5_000 * turn),
  })),
  patch('10,000 × U+3316', (turn) => ({ description: `${'\u3316'.repeat(9_990)}${turn}` })),
  patch('10,000 syllables of Hangul', (turn) => ({
    description: text((index) => String.fromCodePoint(0xac00 + ((index * 7_919) % 11_172)), 10_000, 5_000 * turn),
  })),
  patch('10,000 combining marks', (turn) => ({
    description: text((index) => String.fromCodePoint(0x300 + ((index * 7_919) % 70)), 10_000, turn),
  })),
  patch('2,500 different words', (turn) => ({ description: words(2_500, turn).slice(0, 10_000) })),
  preview('the 1,000th last day of a year', expensiveRule),
  preview('February 29 on Mondays', 'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO'),
  get('a page of long tasks', `${collection}?limit=200&created_to=2020-01-01T00:00:00Z`),
  get('a page after 10,000 tasks', `${collection}?limit=200&skip=10000`),
  get('9 words, all frequent', `${collection}?limit=200&created_to=2020-01-01T00:00:00Z&q=${frequentWords.join('+')}`),
  get('10 words, one of them rare', `${collection}?q=${frequentWords.join('+')}+zzz`),
  get('tasks without a match', `${collection}?status=Done&priority=High&due=overdue&tag=none`),
];

function rejected(name: string, request: Omit<ExpensiveRequest, 'name'>): Series {
  return () => ({ name, ...request });
}

const post = (body: string, target = collection) => ({ method: 'POST', target, body });

/** Requests of the maximum size that are rejected. */
export const rejectedRequests: readonly Series[] = [
  ...documentedOperations
    .filter(({ method }) => method === 'GET')
    .map(({ path, operation }) =>
      rejected(`GET ${path} with 50 unknown parameters`, {
        method: 'GET',
        target: `${path.replace('{id}', idOf(1)).replace('{code}', 'x')}?${Array.from(
          { length: 50 },
          (_, index) => `${index}${'x'.repeat(270)}`,
        ).join('&')}`,
        isAnonymous: operation.security.length === 0,
      }),
    ),
  rejected('4,000 parameters', {
    method: 'GET',
    target: `/livez?${Array.from({ length: 4_000 }, (_, index) => index.toString(36)).join('&')}`,
    isAnonymous: true,
  }),
  rejected('4,990 unknown fields', post(`{${Array.from({ length: 4_990 }, (_, index) => `"f${index}":1`).join(',')}}`)),
  rejected(
    '12,000 unknown fields',
    post(`{${Array.from({ length: 12_000 }, (_, index) => `"f${index}":1`).join(',')}}`),
  ),
  rejected(
    '4,900 fields, one of them repeated, with spaces',
    post(`{${Array.from({ length: 4_900 }, (_, index) => `"f${index}" : 1`).join(',')}, "f1" : 2}`),
  ),
  rejected('70,000 levels', post('['.repeat(70_000) + ']'.repeat(70_000))),
  rejected('a title of 140,000 spaces', post(JSON.stringify({ title: ' '.repeat(140_000) }))),
  rejected('a title of 140,000 characters', post(JSON.stringify({ title: 'x'.repeat(140_000) }))),
  rejected('a title of escaped characters', post(`{"title":"${'\\u00e9'.repeat(24_000)}"}`)),
  rejected('an unterminated text of 140,000 backslashes', post(`{"title":"${'\\'.repeat(140_000)}`)),
  rejected('4,900 tags', post(JSON.stringify({ title: 'x', tags: Array(4_900).fill(1) }))),
  rejected(
    'a batch of 100 operations with many errors each',
    post(
      JSON.stringify({
        operations: Array(100).fill({
          op: 'create',
          task: { title: '', description: 1, status: 1, priority: 1, due: {}, tags: Array(30).fill('\u0001') },
        }),
      }),
      `${collection}/batch`,
    ),
  ),
  rejected(
    'a batch with too many words',
    post(
      JSON.stringify({
        operations: Array.from({ length: 14 }, (_, index) => ({
          op: 'create',
          task: { title: words(40, index), description: words(2_500, index).slice(0, 10_000) },
        })),
      }),
      `${collection}/batch`,
    ),
  ),
  rejected(
    'a batch of 100 recurrences without a day',
    post(
      JSON.stringify({
        operations: Array.from({ length: 100 }, (_, index) => ({
          op: 'create',
          task: {
            title: 'x',
            due: { date: `19${10 + (index % 80)}-01-01` },
            recurrence: { rule: 'FREQ=WEEKLY;BYDAY=MO;BYSETPOS=2' },
          },
        })),
      }),
      `${collection}/batch`,
    ),
  ),
  rejected('an If-Match of 15,000 commas', {
    method: 'DELETE',
    target: `${collection}/${idOf(1)}`,
    headers: { 'If-Match': `${','.repeat(15_000)}x` },
  }),
  rejected('an If-Match of 3,000 other versions', {
    method: 'DELETE',
    target: `${collection}/${idOf(1)}`,
    headers: { 'If-Match': Array.from({ length: 2_000 }, (_, index) => `"${index + 100}"`).join(',') },
  }),
  rejected('a key of 15,000 characters', {
    method: 'DELETE',
    target: `${collection}/${idOf(1)}`,
    headers: { 'Idempotency-Key': 'x'.repeat(15_000) },
  }),
  rejected('a cursor of 4,096 characters', { method: 'GET', target: `${collection}?cursor=${'A'.repeat(4_096)}` }),
  rejected('a cursor of 15,000 characters', { method: 'GET', target: `${collection}?cursor=${'A'.repeat(15_000)}` }),
  rejected('a q of 14,000 characters', { method: 'GET', target: `${collection}?q=${'%F0%9F%98%80'.repeat(1_200)}` }),
  rejected('a q of 100 words', {
    method: 'GET',
    target: `${collection}?q=${words(100, 1).replaceAll(' ', '+').slice(0, 199)}`,
  }),
  rejected('a token of 15,000 characters', {
    method: 'GET',
    target: collection,
    headers: { Authorization: `Bearer ${'x'.repeat(15_000)}` },
    isAnonymous: true,
  }),
  rejected('a token with a deep header', {
    method: 'GET',
    target: collection,
    headers: { Authorization: `Bearer ${Buffer.from('['.repeat(5_000)).toString('base64url')}.e30.AAAA` },
    isAnonymous: true,
  }),
  rejected('a scheme followed by 15,000 spaces', {
    method: 'GET',
    target: collection,
    headers: { Authorization: `Bearer${' '.repeat(15_000)}x` },
    isAnonymous: true,
  }),
  rejected('a path of 15,000 characters', { method: 'GET', target: `/${'%41'.repeat(5_000)}`, isAnonymous: true }),
  rejected('4,000 hops and 3,000 cookies', {
    method: 'GET',
    target: collection,
    headers: { 'X-Forwarded-For': '1.1.1.1,'.repeat(900), Cookie: 'a=b; '.repeat(1_400) },
    isAnonymous: true,
  }),
];
