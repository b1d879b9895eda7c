/** Verification that a server does the measured work: it checks tokens, and returns the rows of the plain table. */
import { deepStrictEqual, strictEqual } from 'node:assert';
import type { QueryClient } from '../../src/database/driver.ts';
import type { Sign, Users } from '../kinds.ts';
import type { Running } from '../processes.ts';

const path = '/api/v1/tasks';

/** The conditions of lists in SQL. */
const conditions = {
  '': 'true',
  '&status=Todo': "status = 'Todo'",
  '&q=zepp': "(title ilike '%zepp%' or description ilike '%zepp%')",
};

/** Ids of tasks by the parameters of a list of 20. */
export type ExpectedLists = Readonly<Record<string, readonly string[]>>;

/** The lists of a user, read without a server. */
export async function expectedLists(client: QueryClient, user: string): Promise<ExpectedLists> {
  const lists: Record<string, string[]> = {};
  for (const [parameters, condition] of Object.entries(conditions)) {
    const { rows } = await client.query(
      `select id from plain.tasks where owner = $1 and ${condition} order by created_at desc, id desc limit 20`,
      [user],
    );
    lists[parameters] = rows.map(({ id }) => id as string);
  }
  return lists;
}

export interface Expectation {
  readonly reader: string;
  readonly lists: ExpectedLists;
  /** A task of one of them is changed. */
  readonly writers: Users;
  readonly sign: Sign;
  /** Returns headers that the server must reject; omitted if it does not check any. */
  readonly signBadly?: Sign;
}

/** @throws AssertionError if the server does not pass */
export async function verify({ url }: Running, expectation: Expectation): Promise<void> {
  const { reader, lists, writers, sign, signBadly } = expectation;
  if (signBadly) {
    strictEqual((await fetch(`${url}${path}`)).ok, false, 'a request without a token is accepted');
    const response = await fetch(`${url}${path}`, { headers: signBadly(reader) });
    strictEqual(response.status, 401, 'a token with a wrong signature is accepted');
  }
  for (const [parameters, ids] of Object.entries(lists)) {
    const list = (await bodyOf(`${url}${path}?limit=20${parameters}`, { headers: sign(reader) })) as { id: string }[];
    deepStrictEqual(
      list.map(({ id }) => id),
      ids,
    );
  }
  const [writer, [id] = []] = Object.entries(writers)[0] as [string, string[]];
  const task = `${url}${path}/${id}`;
  const before = (await bodyOf(task, { headers: sign(writer) })) as { status: string; version: number };
  const status = before.status === 'Done' ? 'Todo' : 'Done';
  const headers = { ...sign(writer), 'content-type': 'application/json' };
  const after = await bodyOf(task, { method: 'PATCH', headers, body: JSON.stringify({ status }) });
  const { status: newStatus, version } = after as typeof before;
  deepStrictEqual({ status: newStatus, version }, { status, version: before.version + 1 });
  strictEqual((await fetch(task, { headers: sign(reader) })).ok, false, 'a user reads the task of another user');
}

async function bodyOf(url: string, init: RequestInit): Promise<unknown> {
  const response = await fetch(url, init);
  const text = await response.text();
  strictEqual(response.status, 200, `${url} returned ${response.status}: ${text}`);
  return JSON.parse(text);
}
