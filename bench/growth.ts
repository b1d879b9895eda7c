/**
 * Benchmark of growth: the same requests for a user with few tasks in a small table, and with many in a large one. It
 * prints a Markdown table for `docs/performance.md`.
 *
 * Usage: npm run bench:growth [-- --seconds 4 --rounds 3]
 */
import { parseArgs } from 'node:util';
import { startPostgres } from '../test/support/postgres-server.ts';
import { fillDatabase } from './filled-database.ts';
import { cachedTokens, startIdentity } from './identity.ts';
import { kinds, requestsOf } from './kinds.ts';
import { summarise, takeTurns, warmUp } from './measure.ts';
import { databaseCpu, runOnce, startServer } from './processes.ts';
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

const postgres = await startPostgres(['autovacuum=off']);
const identity = await startIdentity();
try {
  const servers = [];
  for (const { tasks, total } of sizes) {
    const url = await emptyDatabase(`tasks_${tasks}`);
    const ids = await fillDatabase(url, { user, tasks, total, others: total / 1_000 }, async (client) => {
      const { rows } = await client.query('select id from todo.tasks where owner_id = $1 limit 1000', [user]);
      return rows.map(({ id }) => id as string);
    });
    servers.push({ target: await startServer({ DATABASE_URL: url, ...identity.variables }), ids });
  }
  const kept = cachedTokens(identity);
  const database = await databaseCpu(`${postgres.url}/postgres`);
  console.log(
    header(sizes.map(({ tasks, total }) => `${tasks.toLocaleString('en')} of ${total.toLocaleString('en')}`)),
  );
  for (const name of ['list of 20', 'list of 100', 'get', 'create', 'patch'] as const) {
    const kind = kinds[name] as (typeof kinds)[string];
    const candidates = servers.map(({ target, ids }) => ({
      target,
      requests: () => requestsOf(kind, { [user]: ids }, kept),
    }));
    await warmUp(candidates, effort);
    console.log(row(name, summarise(await takeTurns(candidates, effort, database))));
  }
  for (const { target } of servers) await target.stop();
} finally {
  await identity.close();
  await postgres.stop();
}

async function emptyDatabase(name: string): Promise<string> {
  await runOnce(`${postgres.url}/postgres`, `create database ${name}`);
  return `${postgres.url}/${name}`;
}
