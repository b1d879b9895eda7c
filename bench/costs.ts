/**
 * Measures the CPU time of the most expensive requests within the limits, of the server and of PostgreSQL, and writes
 * `bench/results/costs.md`. The requests are those of `test/security/request-cost.test.ts`.
 *
 * Usage: npm run bench:costs -- [requests of each kind]
 */
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import pg from 'pg';
import {
  filling,
  largestRequests,
  otherRequests,
  rejectedRequests,
  type Series,
  tagsOfUser,
  tasksOfUser,
} from '../test/security/expensive-requests.ts';
import { startPostgres } from '../test/support/postgres-server.ts';
import { startIdentity } from './identity.ts';
import { cpuMsOf, databaseCpu, type Running, startServer } from './processes.ts';

const [requests = 30] = process.argv.slice(2).map(Number);
const user = 'busy';
const postgres = await startPostgres();
const url = `${postgres.url}/postgres`;
const identity = await startIdentity();
const server = await startServer({
  DATABASE_URL: url,
  DATABASE_POOL_MAX: '1',
  AUTH_FAILURES_PER_MINUTE: '0',
  // The user has as many tags as the quota allows.
  MAX_TAGS_PER_USER: '0',
  ...identity.variables,
});

try {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  for (const statement of filling) await client.query(statement, [user]);
  await client.query('vacuum analyze');
  await client.end();
  const databaseMs = await databaseCpu(url);
  const valid: string[] = [];
  for (const series of [...largestRequests, ...otherRequests]) valid.push(await rowOf(server, series, databaseMs));
  const rejected: string[] = [];
  for (const series of rejectedRequests) rejected.push(await rowOf(server, series, databaseMs));
  writeFileSync('bench/results/costs.md', page(valid, rejected));
} finally {
  await server.stop();
  await identity.close();
  await postgres.stop();
}

/** The average of several requests, one after the other, after some that are not measured. */
async function rowOf({ url: base, process: { pid = 0 } }: Running, series: Series, databaseMs: () => number) {
  let [bytes, status] = [0, 0];
  const send = async (turn: number) => {
    const { method, target, headers = {}, body, isAnonymous } = series(turn);
    const response = await fetch(`${base}${target}`, {
      method,
      headers: {
        ...(isAnonymous ? {} : { authorization: `Bearer ${identity.token(user)}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body }),
    });
    status = response.status;
    bytes = (await response.arrayBuffer()).byteLength;
  };
  for (let turn = 0; turn < 8; turn += 1) await send(turn);
  const before = [cpuMsOf(pid), databaseMs()] as const;
  for (let turn = 8; turn < 8 + requests; turn += 1) await send(turn);
  const after = [cpuMsOf(pid), databaseMs()] as const;
  const each = (index: 0 | 1) => ((after[index] - before[index]) / requests).toFixed(1);
  const row = `| ${series(0).name} | ${status} | ${each(0)} | ${each(1)} | ${bytes.toLocaleString('en')} |`;
  console.log(row);
  return row;
}

function page(valid: readonly string[], rejected: readonly string[]): string {
  const { version } = createRequire(import.meta.url)('../package.json');
  const head = '| Request | Status | Server, ms | PostgreSQL, ms | Response, bytes |\n| --- | --: | --: | --: | --: |';
  return `# Costs of single requests

CPU time of the most expensive requests within the [limits](../../docs/limits.md), for a user with ${tasksOfUser.toLocaleString('en')} tasks
and ${tagsOfUser.toLocaleString('en')} tags. Written by \`npm run bench:costs\` (todo-api ${version}, ${cpus().length} cores of ${cpus()[0]?.model.trim()}): the average of
${requests} requests, one after the other, each with a new token.

## Valid requests

${head}
${valid.join('\n')}

## Rejected requests

${head}
${rejected.join('\n')}
`;
}
