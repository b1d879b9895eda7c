/**
 * Shows how PostgreSQL answers each list: writes `bench/results/query-plans.md`. It runs the API's own statements, as its own
 * role, for a user with many tasks in a table of many more.
 *
 * Usage: npm run bench:plans -- [tasks of the user] [tasks in all]
 */
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { z } from 'zod';
import type { QueryClient } from '../src/database/driver.ts';
import type { BoundStatement } from '../src/database/statement.ts';
import type { Keyset } from '../src/resource/keyset.ts';
import { filterParameters, type Sort, sorts } from '../src/tasks/list-parameters.ts';
import { type ListQuery, listTasks } from '../src/tasks/sql/list-statement.ts';
import type { TaskRow } from '../src/tasks/sql/row.ts';
import { sortKeys } from '../src/tasks/sql/sort-keys.ts';
import { literal } from '../test/support/plans.ts';
import { startPostgres } from '../test/support/postgres-server.ts';
import { moveToLargeList } from './fill.ts';
import { fillDatabase } from './filled-database.ts';

const [tasks = 100_000, total = 2_000_000] = process.argv.slice(2).map(Number);
const user = 'bench-user';
const now = Date.parse('2026-11-20T12:00:00Z');
const server = await startPostgres();
const filters = z.strictObject(filterParameters);

try {
  const filling = { user, tasks, total, others: Math.round(total / 1_000), lists: 200 };
  const written = await fillDatabase(`${server.url}/postgres`, filling, plansOf);
  writeFileSync('bench/results/query-plans.md', written);
} finally {
  await server.stop();
}

async function plansOf(client: QueryClient): Promise<string> {
  const sections: string[] = [];
  const large = await moveToLargeList(client, user);
  const other = 'select id from todo.lists where id <> $1 limit 1';
  const list_id = (await client.query<{ id: string }>(other, [large])).rows[0]?.id;
  for (const sort of sorts) sections.push(await section(client, `sort=${sort}`, { sort }));
  const queries: readonly Readonly<Record<string, unknown> & { sort?: Sort }>[] = [
    { status: 'Todo' },
    { priority: 'High' },
    { tag: 'tag 9' },
    { q: 'zeppelin' },
    { q: 'buy mil' },
    { q: 'nothing' },
    { due: 'overdue' },
    { due: 'today' },
    { due: 'week', time_zone: 'Asia/Tokyo' },
    { due: 'none' },
    { due_from: '2027-01-01', due_to: '2027-01-07' },
    { created_from: '2026-01-01T00:00:00Z', created_to: '2026-01-02T00:00:00Z' },
    { completed_from: '2026-01-01T00:00:00Z' },
    { list_id },
    { list_id, parent_id: 'none', sort: 'position' },
    { list_id: [list_id, 'inbox'], sort: 'position' },
    { list_id: 'inbox' },
    { list_id: 'inbox', status: 'Todo', sort: 'due' },
    { list_id: large },
    { list_id: large, status: 'Todo', sort: 'due' },
    { parent_id: 'none' },
    { parent_id: list_id },
  ];
  for (const query of queries) {
    const title = Object.entries(query)
      .map(([name, value]) => `${name}=${value}`)
      .join('&');
    const { sort = '-created_at', ...filtered } = query;
    sections.push(await section(client, title, { filters: filters.parse(filtered), sort }));
  }
  const { rows } = await client.query<{ version: string }>('select version()');
  return page(rows[0]?.version ?? '', sections);
}

/** The first page of a list and the thousandth. */
async function section(client: QueryClient, title: string, list: Partial<ListQuery>): Promise<string> {
  const query = { filters: filters.parse({}), sort: '-created_at' as Sort, after: null, skip: 0, limit: 101, ...list };
  const first = await explain(client, listTasks(user, query, now));
  const deep = await positionAt(client, query, Math.min(Math.floor(tasks / 101), 999) * 100);
  const later = deep && (await explain(client, listTasks(user, { ...query, after: deep }, now)));
  return [
    `## \`${title}\``,
    `First page: ${first.summary}.${later ? ` Page 1,000: ${later.summary}.` : ' It has no thousandth page.'}`,
    '```text',
    (later ?? first).plan,
    '```',
  ].join('\n\n');
}

async function positionAt(client: QueryClient, query: ListQuery, skip: number): Promise<Keyset | null> {
  const rows = await asUser(client, '', listTasks(user, { ...query, skip, limit: 1 }, now));
  // As JSON, because this connection reads times as dates.
  const [row] = JSON.parse(JSON.stringify(rows)) as TaskRow[];
  return row ? [...sortKeys[query.sort].sortValues(row), row.id] : null;
}

async function explain(client: QueryClient, bound: BoundStatement) {
  // Once to warm the caches.
  await asUser(client, '', bound);
  const [row] = (await asUser(client, 'explain (analyze, buffers, costs off, format json)', bound)) as any[];
  const text = (await asUser(client, 'explain (analyze, buffers, costs off, timing off, summary off)', bound)) as any[];
  const { Plan: plan, 'Execution Time': time } = row['QUERY PLAN'][0];
  const buffers = plan['Shared Hit Blocks'] + plan['Shared Read Blocks'];
  return {
    summary: `${plan['Actual Rows']} rows, ${buffers.toLocaleString('en')} pages of 8 KiB touched, ${time.toFixed(1)} ms`,
    plan: text
      .map((line) => line['QUERY PLAN'])
      .filter((line) => !/^\s*(Planning|Buffers: shared hit=\d+$)/.test(line) || line.startsWith('  Buffers'))
      .join('\n'),
  };
}

/** As the API does it: in a transaction, as the role, with the user set, and with one plan unless the values decide. */
async function asUser(client: QueryClient, prefix: string, { statement, values }: BoundStatement): Promise<object[]> {
  await client.query('begin');
  try {
    await client.query("select set_config('role', 'todo_user', true), set_config('app.user_id', $1, true)", [user]);
    await client.query("set local timezone = 'UTC'");
    await client.query(`set local plan_cache_mode = ${statement.plansForValues ? 'auto' : 'force_generic_plan'}`);
    await client.query(`prepare list as ${statement.text}`);
    const { rows } = await client.query(`${prefix} execute list (${values.map(literal).join(', ')})`);
    return rows;
  } finally {
    await client.query('rollback; deallocate all');
  }
}

function page(version: string, sections: readonly string[]): string {
  const { version: package_ } = createRequire(import.meta.url)('../package.json');
  return `# Query plans

How PostgreSQL answers each list of 100 tasks, for a user with ${tasks.toLocaleString('en')} tasks in a table of
${total.toLocaleString('en')}. Written by \`npm run bench:plans\` (todo-api ${package_}, ${version.split(' on ')[0]},
${cpus().length} cores of ${cpus()[0]?.model.trim()}, all in memory, second run). The plan shown is that of the deepest page named.

Every plan stays within the user's own rows: each scan of \`tasks\` is an index range that begins with \`owner_id\`.
The condition appears twice, once from the statement and once from the policy.

${sections.join('\n\n')}
`;
}
