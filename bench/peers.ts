/**
 * Benchmark of the built server beside small servers in other frameworks and languages (`bench/peers/`), which handle the
 * same requests on a plain table and verify the same tokens. It installs them in a temporary folder from the package
 * registries, and writes `bench/results/peers.md`. With `--check`, it only checks their syntax.
 *
 * Usage: npm run bench:peers [-- --seconds 3 --rounds 2 --starts 2 --connections 16 --database postgres://…]
 *        npm run bench:peers -- --check
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startPostgres } from '../test/support/postgres-server.ts';
import { signWithSecret } from '../test/support/tokens.ts';
import { createPlainTable } from './bare/plain-schema.ts';
import { fillDatabase, readersAndWriters } from './filled-database.ts';
import { kinds, type Sign } from './kinds.ts';
import type { Effort } from './measure.ts';
import { checkPeers, type InstalledPeer, installPeers } from './peers/installation.ts';
import { peersPage } from './peers/page.ts';
import { type Expectation, expectedLists, verify } from './peers/verification.ts';
import { databaseCpu, type Running, runOnce, startBare, startProgram, startServer } from './processes.ts';
import { asOwner, type Contender, sideBySide } from './side-by-side.ts';

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '2' },
    starts: { type: 'string', default: '2' },
    connections: { type: 'string', default: '16' },
    database: { type: 'string' },
    check: { type: 'boolean', default: false },
  },
});
const effort: Effort = {
  seconds: Number(options.seconds),
  rounds: Number(options.rounds),
  connections: Number(options.connections),
};
const starts = Number(options.starts);
const measured = ['list of 20', 'get', 'filtered list', 'searched list', 'patch', 'create'];
/** Of the readers, and of the writers. Each has one token. */
const users = 100;

if (options.check) console.log((await checkPeers()).join('\n'));
else await measurePeers();

async function measurePeers(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'todo-api-peers-'));
  const postgres = options.database ? null : await startPostgres(['autovacuum=off']);
  try {
    const { installed, skipped } = await installPeers(folder);
    const { contenders, results } = await compare(options.database ?? `${postgres?.url}/postgres`, installed);
    const page = peersPage({
      ...{ names: contenders.map(({ name }) => name), results, installed, skipped, starts, effort, users },
    });
    writeFileSync('bench/results/peers.md', page);
  } finally {
    await postgres?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param url of an empty database */
async function compare(url: string, installed: readonly InstalledPeer[]) {
  const filling = { user: 'bench-user', tasks: 100, total: 100_000, others: 1_000 };
  const { population, expected } = await fillDatabase(url, filling, async (client) => {
    await createPlainTable(client);
    const population = await readersAndWriters(client, users);
    const [reader] = Object.keys(population.readers) as [string];
    const expected = { reader, lists: await expectedLists(client, reader), writers: population.writers };
    return { population, expected };
  });
  const secret = randomBytes(32).toString('base64url');
  const contenders = contendersOn(url, secret, installed, expected);
  const { results } = await sideBySide(contenders, {
    ...{ users: population, starts, effort },
    kinds: Object.fromEntries(measured.map((name) => [name, kinds[name] as (typeof kinds)[string]])),
    // Instead of autovacuum, which is off: outdated statistics lead to other plans.
    prepare: () => runOnce(url, 'vacuum analyze'),
    databaseMs: await databaseCpu(url),
  });
  return { contenders, results };
}

function contendersOn(
  url: string,
  secret: string,
  installed: readonly InstalledPeer[],
  expected: Omit<Expectation, 'sign'>,
): Contender[] {
  const sign = signerWith(secret);
  const withTokens = { ...expected, sign, signBadly: signerWith(randomBytes(32).toString('base64url')) };
  const settings = { AUTH_MODE: 'shared-secret', BETTER_AUTH_SECRET: secret, RATE_LIMIT_PER_MINUTE: '1000000' };
  return [
    {
      name: 'todo-api',
      sign,
      start: () => verified(startServer({ DATABASE_URL: url, ...settings }), withTokens),
    },
    {
      name: 'bare, plain table',
      sign: asOwner,
      start: () => verified(startBare('plain-table', url), { ...expected, sign: asOwner }),
    },
    ...installed.map(({ name, start, directory }) => ({
      name,
      sign,
      start: () => {
        const variables = { DATABASE_URL: url, JWT_SECRET: secret, NODE_ENV: 'production' };
        const path = '/api/v1/tasks?limit=1';
        const started = startProgram(start, { path, headers: sign('unknown'), variables, directory });
        return verified(started, withTokens);
      },
    })),
  ];
}

async function verified(starting: Promise<Running>, expectation: Expectation): Promise<Running> {
  const running = await starting;
  try {
    await verify(running, expectation);
    return running;
  } catch (error) {
    await running.stop();
    throw error;
  }
}

/** Signs one token per user, on first use. */
function signerWith(secret: string): Sign {
  const tokens = new Map<string, string>();
  return (sub) => {
    const iat = Math.floor(Date.now() / 1_000);
    const token = tokens.get(sub) ?? signWithSecret(secret, { sub, iat, exp: iat + 36_000 }, { typ: 'JWT' });
    tokens.set(sub, token);
    return { authorization: `Bearer ${token}` };
  };
}
