/**
 * Benchmark of growth: the same requests for a user with few tasks in a small table, and with many in a large one. The tasks
 * are in 20 lists. It prints a Markdown table for `docs/performance.md`.
 *
 * Usage: npm run bench:growth [-- --seconds 4 --rounds 3]
 */
import { parseArgs } from 'node:util';
import { startPostgres } from '../test/support/postgres-server.ts';
import { fillDatabase } from './filled-database.ts';
import { cachedTokens, startIdentity } from './identity.ts';
import { type Kind, kinds, requestsOf, type Sign } from './kinds.ts';
import { summarise, takeTurns, warmUp } from './measure.ts';
import { databaseCpu, type Running, runOnce, startServer } from './processes.ts';
import { header, row } from './table.ts';

const { values: options } = parseArgs({
  options: { seconds: { type: 'string', default: '4' }, rounds: { type: 'string', default: '3' } },
});
const effort = { connections: 16, seconds: Number(options.seconds), rounds: Number(options.rounds) };
const sizes = [
  { tasks: 100_000, total: 2_000_000 },
  { tasks: 1_000, total: 100_000 },
];
const user = 'bench-user';

interface Contender {
  readonly target: Running;
  /** How many tasks the user has. */
  readonly tasks: number;
  /** Of the user. */
  readonly taskIds: readonly string[];
  readonly listId: string;
  /** A position in the user's changes, with more than 100 changes after it. */
  readonly cursor: string;
}

const measured: Readonly<Record<string, (contender: Contender) => Kind>> = {
  ...Object.fromEntries(Object.entries(kinds).map(([name, kind]) => [name, () => kind])),
  // The number at the end of the title of one task.
  'searched list, one result':
    ({ tasks }) =>
    () => ({ method: 'GET', path: `/api/v1/tasks?limit=20&q=${tasks - 1}` }),
  lists: () => () => ({ method: 'GET', path: '/api/v1/lists' }),
  'list of 20 by position':
    ({ listId }) =>
    () => ({ method: 'GET', path: `/api/v1/tasks?limit=20&list_id=${listId}&sort=position` }),
  '100 changes':
    ({ cursor }) =>
    () => ({ method: 'GET', path: `/api/v1/changes?limit=100&since=${cursor}` }),
};

const postgres = await startPostgres(['autovacuum=off']);
const identity = await startIdentity();
try {
  const sign = cachedTokens(identity);
  const contenders: Contender[] = [];
  for (const size of sizes) contenders.push(await startWith(size, sign));
  const database = await databaseCpu(`${postgres.url}/postgres`);
  console.log(
    header(sizes.map(({ tasks, total }) => `${tasks.toLocaleString('en')} of ${total.toLocaleString('en')}`)),
  );
  for (const [name, kindFor] of Object.entries(measured)) {
    const candidates = contenders.map((contender) => ({
      target: contender.target,
      requests: () => requestsOf(kindFor(contender), { [user]: contender.taskIds }, sign),
    }));
    await warmUp(candidates, effort);
    console.log(row(name, summarise(await takeTurns(candidates, effort, database))));
  }
  for (const { target } of contenders) await target.stop();
} finally {
  await identity.close();
  await postgres.stop();
}

async function startWith({ tasks, total }: (typeof sizes)[number], sign: Sign): Promise<Contender> {
  const url = await emptyDatabase(`tasks_${tasks}`);
  const filling = { user, tasks, total, others: total / 1_000, lists: 20 };
  const [taskIds, [listId]] = await fillDatabase(url, filling, async (client) => {
    const { rows } = await client.query('select id from todo.tasks where owner_id = $1 limit 1000', [user]);
    const { rows: lists } = await client.query('select id from todo.lists where owner_id = $1 limit 1', [user]);
    return [rows, lists].map((found) => found.map(({ id }) => id as string)) as [string[], [string]];
  });
  // The user has as many tasks as the quota allows, and creates more.
  const target = await startServer({ DATABASE_URL: url, MAX_TASKS_PER_USER: '0', ...identity.variables });
  const response = await fetch(`${target.url}/api/v1/changes?limit=500`, { headers: sign(user) });
  const { cursor } = (await response.json()) as { cursor: string };
  return { target, tasks, taskIds, listId, cursor };
}

async function emptyDatabase(name: string): Promise<string> {
  await runOnce(`${postgres.url}/postgres`, `create database ${name}`);
  return `${postgres.url}/${name}`;
}
