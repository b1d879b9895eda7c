/** Recorder of the SQL that the API sends for a user, and requests that cause all of it. */
import fc from 'fast-check';
import type { BoundStatement } from '../../src/database/statement.ts';
import type { UserDatabase } from '../../src/database/user-database.ts';
import { sorts } from '../../src/tasks/list-parameters.ts';
import { manyTasks } from '../../src/tasks/sql/many-changes.ts';
import type { Client } from '../support/api.ts';
import { documentedOperations } from '../support/document.ts';
import { createEach, deleteEach, resources } from '../support/resources.ts';
import { headersOf, requestsOf, targetOf } from './requests-from-document.ts';

/** Every statement by its name: the first one, or the first one that found a row. */
export type Recording = Map<string, BoundStatement & { readonly found: boolean }>;

/** A database that records all statements. */
export function recording(database: UserDatabase, into: Recording): UserDatabase {
  const note = (statements: readonly BoundStatement[], rows: readonly object[][]) => {
    for (const [index, bound] of statements.entries()) {
      const earlier = into.get(bound.statement.name);
      const found = (rows[index]?.length ?? 0) > 0;
      if (!earlier || (found && !earlier.found)) into.set(bound.statement.name, { ...bound, found });
    }
  };
  return {
    ...database,
    async run(principal, statements, ...options) {
      try {
        const rows = await database.run(principal, statements, ...options);
        note(statements, rows);
        return rows;
      } catch (error) {
        note(statements, []);
        throw error;
      }
    },
  };
}

const collection = '/api/v1/tasks';
const erasure = '/api/v1/me';

/** The task in the requests. It exists after them. */
export const id = '0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4d';

/** A word in every free text. */
export const word = 'Secret';

const whole = {
  title: word,
  description: word,
  tags: [word],
  due: { date: '2026-12-01', time: '09:30', time_zone: 'Europe/Rome' },
};

/** Lists that contain the task, each with another condition. */
const lists = [
  ...['status=Todo', 'priority=Medium', `tag=${word}`, `q=${word}`, `q=${word}+${word}s`, 'due=any', 'due=none'],
  ...['due=overdue', 'due=week', 'due_from=2026-01-01', 'due_to=2027-01-01', 'due_from=2026-01-01&due_to=2027-01-01'],
  ...['created', 'updated'].flatMap((name) => [`${name}_from=2020-01-01T00:00:00Z`, `${name}_to=2100-01-01T00:00:00Z`]),
];

/** The path of the next page. */
function nextOf(headers: Headers): string | undefined {
  return /<([^>]+)>; rel="next"/.exec(headers.get('link') ?? '')?.[1];
}

/**
 * Sends fixed and random requests to each operation, so that every statement is sent.
 *
 * @param forgetDeleted removes what is stored about deleted resources, whose ids are free then
 */
export async function sendEverything(owner: Client, forgetDeleted: () => Promise<unknown>): Promise<void> {
  const path = `${collection}/${id}`;
  const anew = async () => {
    await deleteEach(owner, id);
    await forgetDeleted();
    await owner.post(collection, { id, ...whole });
    await createEach(owner, id, word);
  };
  // At the start, because the other statements must find rows.
  await owner.delete(erasure);
  // Before the first write, because the first request of a user begins the numbering of the changes.
  await owner.get('/api/v1/changes');
  await owner.post(collection, { id, ...whole }, { 'Idempotency-Key': 'once' });
  for (const query of lists) await owner.get(`${collection}?${query}`);
  await owner.get(`${collection}/count`);
  await owner.patch(`/api/v1/tags/${word}`, { name: word });
  await owner.put(path, whole);
  for (const patch of [{ status: 'Done' }, { title: 'x' }, { tags: [] }, { description: null, tags: ['y'] }]) {
    await anew();
    await owner.patch(path, patch);
  }
  await anew();
  const { body: other } = await owner.post(collection, whole);
  for (const sort of sorts) {
    const { headers } = await owner.get(`${collection}?limit=1&sort=${sort}`);
    await owner.get(nextOf(headers) ?? collection);
  }
  await owner.delete(`${collection}/${other.id}`);
  const operations = [
    { op: 'update', id, patch: { status: 'Done' } },
    { op: 'create', task: { id: crypto.randomUUID(), ...whole } },
  ];
  await owner.post(`${collection}/batch`, { operations });
  await owner.post(
    `${collection}/batch`,
    { operations: [{ op: 'delete', id: other.id }] },
    { 'Idempotency-Key': 'fails' },
  );
  for (const documented of documentedOperations.filter(({ operation }) => operation.security.length > 0)) {
    const { method, path: template } = documented;
    if (method === 'DELETE' && template === erasure) continue;
    const requests = requestsOf(documented, { ids: [id], texts: [word] });
    for (const parts of fc.sample(requests, { numRuns: 30, seed: 3 })) {
      await owner.request(method, targetOf(template, parts), {
        headers: headersOf(parts),
        ...('body' in parts && { body: JSON.stringify(parts.body) }),
      });
      if (method !== 'GET') await anew();
    }
  }
  await sendToLists(owner, anew, forgetDeleted);
  await sendToSubtasks(owner);
  await sendTokens(owner);
  await sendImport(owner);
  await sendToMany(owner);
  // At the end, so that the next page has the resource that stays.
  const second = crypto.randomUUID();
  await createEach(owner, second, word);
  for (const resource of resources) {
    const { headers } = await owner.get(`${resource.collection}?limit=1`);
    await owner.get(nextOf(headers) ?? resource.collection);
  }
  await deleteEach(owner, second);
  const changed = await owner.patch(path, { priority: 'High' });
  const undo = `/api/v1/change-sets/${changed.headers.get('change-set')}/undo`;
  for (const headers of [{}, { 'Idempotency-Key': 'trash' }]) {
    const keyed = (name: string) => ('Idempotency-Key' in headers ? { 'Idempotency-Key': name } : {});
    // The task and the list that have this id.
    for (const each of [1, 2]) await owner.post(`/api/v1/trash/${second}/restore`, undefined, keyed(`restore-${each}`));
    await deleteEach(owner, second);
    // It keeps the resource in the trash, which the statements find without their conditions.
    await owner.delete(`/api/v1/trash/${second}`, { 'If-Match': '"99"', ...keyed('purge') });
    await owner.post(undo, undefined, keyed('undo'));
  }
}

/** Deletes API tokens that exist. The random requests create and list them. */
async function sendTokens(owner: Client): Promise<void> {
  for (const headers of [{}, { 'Idempotency-Key': 'token' }]) {
    const { body: token } = await owner.post('/api/v1/tokens', { name: word, scopes: ['tasks:read'] });
    await owner.delete(`/api/v1/tokens/${token.id}`, headers);
  }
}

/** Imports lists, a task in one of them, and entries of the trash. The random requests import other tasks. */
async function sendImport(owner: Client): Promise<void> {
  const entry = { deleted_at: '2026-01-01T00:00:00Z', change_set: id };
  const list = crypto.randomUUID();
  const lines = [
    { type: 'list', list: { id: list, name: word } },
    { type: 'task', task: { id: crypto.randomUUID(), title: word, list_id: list } },
    { type: 'list', list: { id, name: word } },
    { type: 'trash', trash: { ...entry, task: { id, title: word } } },
    { type: 'trash', trash: { ...entry, list: { id, name: word } } },
  ];
  const headers = { 'Content-Type': 'application/x-ndjson' };
  // A task in no list first, because a user without the list could not import the other one.
  const inbox = { type: 'task', task: { id: crypto.randomUUID(), title: word } };
  for (const sent of [[inbox], lines]) {
    const body = sent.map((line) => JSON.stringify(line)).join('\n');
    await owner.request('POST', '/api/v1/import', { headers, body });
  }
}

/** Gives the task a subtask, undoes a change of the subtask, and restores both. */
async function sendToSubtasks(owner: Client): Promise<void> {
  const subtask = await owner.post(collection, { title: word, parent_id: id });
  const changed = await owner.patch(`${collection}/${subtask.body.id}`, { priority: 'High' });
  await owner.post(`/api/v1/change-sets/${changed.headers.get('change-set')}/undo`, undefined);
  for (const headers of [{}, { 'Idempotency-Key': 'restore-subtasks' }]) {
    await owner.delete(`${collection}/${id}`);
    await owner.post(`/api/v1/trash/${id}/restore`, undefined, headers);
  }
}

/** Creates as many tasks as get reserved numbers, and changes, deletes and restores them by undoing. Moves lists back. */
async function sendToMany(owner: Client): Promise<void> {
  const undo = ({ headers }: { headers: Headers }) =>
    owner.post(`/api/v1/change-sets/${headers.get('change-set')}/undo`, undefined);
  const task = { title: word, tags: ['many'] };
  const operations = Array.from({ length: manyTasks }, () => ({ op: 'create', task }));
  const created = await owner.post(`${collection}/batch`, { operations });
  await undo(await owner.patch('/api/v1/tags/many', { name: 'more' }));
  await undo(await undo(created));
  const { body: list } = await owner.post('/api/v1/lists', { name: word });
  await undo(await owner.patch(`/api/v1/lists/${list.id}`, { name: 'x' }));
  await owner.patch(`/api/v1/lists/${list.id}`, { name: 'y' });
  await undo(created);
}

/**
 * Sends an undo that fails in the end, so that the tasks of its statements stay as they are. It restores a task, deletes many,
 * and takes a subtask back to its parent, which is in another list since.
 */
export async function sendFailingUndo(owner: Client): Promise<void> {
  const [deleted, parent, child] = [crypto.randomUUID(), crypto.randomUUID(), crypto.randomUUID()];
  for (const task of [{ id: deleted }, { id: parent }, { id: child, parent_id: parent }]) {
    await owner.post(collection, { title: word, ...task });
  }
  const { body: list } = await owner.post('/api/v1/lists', { name: word });
  const operations = [
    { op: 'update', id: child, patch: { parent_id: null, title: 'x', tags: [word] } },
    { op: 'delete', id: deleted },
    ...Array.from({ length: manyTasks - 2 }, () => ({ op: 'create', task: { title: word } })),
  ];
  const changed = await owner.post(`${collection}/batch`, { operations });
  await owner.patch(`${collection}/${parent}`, { list_id: list.id });
  await owner.post(`/api/v1/change-sets/${changed.headers.get('change-set')}/undo`, undefined);
}

/** Undoes the creation of the list, and restores a list with tasks. That list is in the trash with its tasks after it. */
async function sendToLists(
  owner: Client,
  anew: () => Promise<unknown>,
  forgetDeleted: () => Promise<unknown>,
): Promise<void> {
  const collectionOfLists = '/api/v1/lists';
  await owner.delete(`${collectionOfLists}/${id}?tasks=keep`);
  await forgetDeleted();
  const created = await owner.post(collectionOfLists, { id, name: word });
  await owner.post(`/api/v1/change-sets/${created.headers.get('change-set')}/undo`, undefined);
  await anew();
  const list = await owner.post(collectionOfLists, { name: word });
  const { body: task } = await owner.post(collection, { ...whole, list_id: list.body.id });
  await owner.post(collection, { title: word, parent_id: task.id, list_id: list.body.id });
  const removal = () => owner.delete(`${collectionOfLists}/${list.body.id}?tasks=delete`);
  await removal();
  await owner.post(`/api/v1/trash/${list.body.id}/restore`, undefined);
  await removal();
}
