/**
 * Measures synchronization beside ordinary reads: a page of 100 changes beside a list of 100 tasks, and a page without
 * changes beside one task. The users do not write, so that the changes after their cursors stay the same.
 *
 * Usage: npm run bench:changes -- [seconds per round] [rounds]
 */
import { startPostgres } from '../test/support/postgres-server.ts';
import { fillDatabase, usersOf } from './filled-database.ts';
import { cachedTokens, startIdentity } from './identity.ts';
import { type Kind, kinds, requestsOf, type Sign, type Users } from './kinds.ts';
import { type Effort, summarise, takeTurns, warmUp } from './measure.ts';
import { databaseCpu, type Running, runOnce, startServer } from './processes.ts';
import { header, row } from './table.ts';

const [seconds = 3, rounds = 6] = process.argv.slice(2).map(Number);
const effort: Effort = { seconds, rounds, connections: 16 };
const pageSize = 100;

const postgres = await startPostgres(['autovacuum=off']);
const url = `${postgres.url}/postgres`;
const identity = await startIdentity();
try {
  const filling = { user: 'bench-user', tasks: 100, total: 100_000, others: 500 };
  const users = await fillDatabase(url, filling, usersOf);
  await runOnce(url, 'vacuum analyze');
  const server = await startServer({ DATABASE_URL: url, ...identity.variables });
  const sign = cachedTokens(identity);
  const page = requestsAfter(await positions(server, users, sign, pageSize), sign);
  const nothing = requestsAfter(await positions(server, users, sign, 0), sign);
  const ordinary = (name: string) => () => requestsOf(kinds[name] as Kind, users, sign);
  const databaseMs = await databaseCpu(url);
  for (const [name, first, second] of [
    ['100 changes, and a list of 100', page, ordinary('list of 100')],
    ['no change, and one task', nothing, ordinary('get')],
  ] as const) {
    const candidates = [first, second].map((requests) => ({ target: server, requests }));
    await warmUp(candidates, effort);
    console.log(header(['changes', 'ordinary']));
    console.log(row(name, summarise(await takeTurns(candidates, effort, databaseMs))));
  }
  await server.stop();
} finally {
  await identity.close();
  await postgres.stop();
}

/** The cursor of each user after which there are `left` changes. */
async function positions(server: Running, users: Users, sign: Sign, left: number): Promise<Map<string, string>> {
  const cursors = new Map<string, string>();
  for (const [user, ids] of Object.entries(users)) {
    let unread = ids.length - left;
    let cursor: string | undefined;
    while (unread > 0) {
      const limit = Math.min(unread, 500);
      const query = new URLSearchParams({ limit: String(limit), ...(cursor && { since: cursor }) });
      const response = await fetch(`${server.url}/api/v1/changes?${query}`, { headers: sign(user) });
      ({ cursor } = (await response.json()) as { cursor: string });
      unread -= limit;
    }
    if (cursor) cursors.set(user, cursor);
  }
  return cursors;
}

function requestsAfter(cursors: ReadonlyMap<string, string>, sign: Sign) {
  return () =>
    [...cursors].map(([user, cursor]) => ({
      method: 'GET',
      path: `/api/v1/changes?limit=${pageSize}&since=${cursor}`,
      headers: sign(user),
    }));
}
