/**
 * Measures the built server beside a bare one that sends the same statements, on the same database, in the same run and
 * in turns, and writes `bench/results.md`.
 *
 * Usage: npm run bench [-- --seconds 5 --rounds 3]
 */
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs, promisify } from 'node:util';
import pg from 'pg';
import { loadConfig } from '../src/config/load.ts';
import { openDatabase } from '../src/database/database.ts';
import { openPostgres } from '../src/database/postgres.ts';
import { startJwksServer } from '../test/support/jwks-server.ts';
import { freePort, startPostgres } from '../test/support/postgres-server.ts';
import { makeIssuer } from '../test/support/tokens.ts';
import { fill } from './fill.ts';
import type { Load, LoadRequest, Seen } from './load.ts';

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '16' },
  },
});
const seconds = Number(options.seconds);
const rounds = Number(options.rounds);
const connections = Number(options.connections);
const users = Array.from({ length: 50 }, (_, index) => `other-${index}`);

/** What is measured: a name, and the requests for a user, without how the user is told. */
type Kind = (user: string, ids: readonly string[]) => Omit<LoadRequest, 'headers'>;
const tasks = '/api/v1/tasks';
const kinds: Readonly<Record<string, Kind>> = {
  'list of 20': () => ({ method: 'GET', path: `${tasks}?limit=20` }),
  'list of 100': () => ({ method: 'GET', path: tasks }),
  get: (_user, ids) => ({ method: 'GET', path: `${tasks}/${pick(ids)}` }),
  create: () => ({ method: 'POST', path: tasks, body: '{"title":"buy milk","tags":["tag 1"]}' }),
  patch: (_user, ids) => ({
    method: 'PATCH',
    path: `${tasks}/${pick(ids)}`,
    body: `{"title":"milk ${Math.random()}"}`,
  }),
  'filtered list': () => ({ method: 'GET', path: `${tasks}?limit=20&status=Todo` }),
  'searched list': () => ({ method: 'GET', path: `${tasks}?limit=20&q=zepp` }),
};

/** One token a user, for those measurements that are not about tokens. */
const shared = new Map<string, string>();

const processes: ChildProcess[] = [];
const postgres = await startPostgres();
const issuer = makeIssuer();
const jwks = await startJwksServer(issuer.jwks);
try {
  await run();
} finally {
  for (const each of processes) each.kill('SIGTERM');
  await jwks.close();
  await postgres.stop();
}

async function run(): Promise<void> {
  const database = `${postgres.url}/postgres`;
  const ids = await fillDatabase(database);
  const baseline = await start('baseline', (port) => ['--import', 'tsx', 'bench/baseline.ts', port, database]);
  const started = performance.now();
  const server = await start('todo-api', () => ['dist/cli.js'], {
    DATABASE_URL: database,
    AUTH_MODE: 'jwks',
    AUTH_JWKS_URL: jwks.url,
    AUTH_ISSUER: 'https://issuer.test',
    AUTH_AUDIENCE: 'todo',
    RATE_LIMIT_PER_MINUTE: '1000000',
  });
  const startMs = performance.now() - started;

  const rows: string[] = [];
  for (const [name, kind] of Object.entries(kinds)) {
    const [ours, theirs, ourCpu, theirCpu] = await compare(server, baseline, (user) => kind(user, ids[user] ?? []));
    rows.push(
      `| ${name} | ${figures(ours)} | ${figures(theirs)} | **${(ours.perSecond / theirs.perSecond).toFixed(2)}** | ${ourCpu} | ${theirCpu} |`,
    );
    console.log(rows.at(-1));
  }
  const different = await measure(
    server,
    requests((user) => kinds['list of 20']?.(user, []) as LoadRequest, differentTokens),
  );
  const same = await measure(
    server,
    requests((user) => kinds['list of 20']?.(user, []) as LoadRequest, oneToken),
  );
  const tokens = `All-different EdDSA tokens cost ${Math.round((different.cpuMs - same.cpuMs) * 1000)} µs of CPU a request more than one token a user (${different.seen.perSecond.toFixed(0)} against ${same.seen.perSecond.toFixed(0)} requests a second).`;
  writeFileSync('bench/results.md', page(rows, tokens, startMs, memoryOf(server.process)));
}

interface Running {
  readonly url: string;
  readonly process: ChildProcess;
}

async function start(
  name: string,
  command: (port: string) => string[],
  variables: NodeJS.ProcessEnv = {},
): Promise<Running> {
  const port = String(await freePort());
  const child = spawn(process.execPath, command(port), {
    env: { ...process.env, PORT: port, ...variables },
    // The log is on, as it would be: into a pipe that somebody reads.
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child.stdout?.resume();
  processes.push(child);
  const url = `http://127.0.0.1:${port}`;
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const path = name === 'baseline' ? '/api/v1/tasks?limit=1' : '/readyz';
    const answer = await fetch(`${url}${path}`, { headers: { 'x-owner': 'other-0' } }).catch(() => undefined);
    if (answer?.ok) return { url, process: child };
    await delay(50);
  }
  throw new Error(`${name} did not start`);
}

/** In turns, so that whatever else the machine does hits both. */
async function compare(server: Running, baseline: Running, each: (user: string) => Omit<LoadRequest, 'headers'>) {
  const [ours, theirs]: [Measured[], Measured[]] = [[], []];
  for (let round = 0; round < rounds; round += 1) {
    ours.push(await measure(server, requests(each, oneToken)));
    theirs.push(
      await measure(
        baseline,
        requests(each, (user) => ({ 'x-owner': user })),
      ),
    );
  }
  const cpu = (measured: Measured[]) => `${Math.round(median(measured.map(({ cpuMs }) => cpuMs)) * 1000)} µs`;
  return [medians(ours), medians(theirs), cpu(ours), cpu(theirs)] as const;
}

interface Measured {
  readonly seen: Seen;
  /** Of the server, for one request. */
  readonly cpuMs: number;
}

async function measure({ url, process: child }: Running, sent: readonly LoadRequest[]): Promise<Measured> {
  const before = cpuMsOf(child);
  const load: Load = { url, connections, seconds, requests: sent };
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', 'bench/load.ts', JSON.stringify(load)],
    {
      maxBuffer: 1e8,
    },
  );
  const seen = JSON.parse(stdout) as Seen;
  const bad = Object.keys(seen.statuses).filter((status) => !status.startsWith('2'));
  if (bad.length > 0) throw new Error(`answers that should not be: ${JSON.stringify(seen.statuses)}`);
  return { seen, cpuMs: (cpuMsOf(child) - before) / (seen.perSecond * seconds) };
}

function oneToken(user: string): Record<string, string> {
  if (!shared.has(user)) shared.set(user, tokenFor(user));
  return { authorization: `Bearer ${shared.get(user)}` };
}

function differentTokens(user: string): Record<string, string> {
  return { authorization: `Bearer ${tokenFor(user)}` };
}

function tokenFor(sub: string): string {
  const iat = Math.floor(Date.now() / 1000);
  return issuer.sign({ iss: 'https://issuer.test', aud: 'todo', sub, iat, exp: iat + 3_600, jti: Math.random() });
}

/** Enough of them, in turn by many users, that none is special; short enough to be handed over. */
function requests(
  each: (user: string) => Omit<LoadRequest, 'headers'>,
  headers: (user: string) => Record<string, string>,
) {
  return Array.from({ length: 250 }, (_, index): LoadRequest => {
    const user = users[index % users.length] as string;
    const request = each(user);
    return { ...request, headers: { ...headers(user), ...(request.body && { 'content-type': 'application/json' }) } };
  });
}

async function fillDatabase(url: string): Promise<Record<string, string[]>> {
  const { database: config } = loadConfig({ DATABASE_URL: url, AUTH_MODE: 'jwks', AUTH_JWKS_URL: 'http://localhost/' });
  if (config.kind !== 'postgres') throw new Error('this is about a PostgreSQL server');
  const opened = openDatabase(config, openPostgres(config));
  await opened.prepare();
  await opened.close();
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await fill(client, { user: 'bench-user', tasks: 100, total: 100_000, others: 1_000 });
  const { rows } = await client.query(
    'select owner_id, array_agg(id::text) as ids from todo.tasks where owner_id = any ($1) group by 1',
    [users],
  );
  await client.end();
  return Object.fromEntries(rows.map(({ owner_id, ids }) => [owner_id, ids]));
}

function pick<Item>(items: readonly Item[]): Item | undefined {
  return items[Math.floor(Math.random() * items.length)];
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((one, other) => one - other)[Math.floor(numbers.length / 2)] ?? 0;
}

function medians(measured: readonly Measured[]): Seen {
  const of = (key: 'perSecond' | 'p50' | 'p99') => median(measured.map(({ seen }) => seen[key]));
  return { perSecond: of('perSecond'), p50: of('p50'), p99: of('p99'), statuses: {} };
}

function figures({ perSecond, p50, p99 }: Seen): string {
  return `${Math.round(perSecond).toLocaleString('en')} | ${p50.toFixed(1)} | ${p99.toFixed(1)}`;
}

/** Milliseconds of CPU that a process has used, on Linux. */
function cpuMsOf({ pid }: ChildProcess): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function memoryOf({ pid }: ChildProcess): string {
  const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return `${Math.round(Number(kilobytes) / 1024)} MB`;
}

function page(rows: readonly string[], tokens: string, startMs: number, memory: string): string {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD']).toString().trim();
  return `# Results

Written by \`npm run bench\` at ${commit}: Node ${process.versions.node}, PostgreSQL on the same machine, ${cpus().length} cores of
${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB. ${connections} connections, medians of ${rounds} rounds of ${seconds} s, in turns. The bare server
(\`bench/baseline.ts\`) sends the same statements with no tokens, policies, validation or log. Latencies in milliseconds,
CPU of the server for one request. The load generator shares the cores.

| | requests/s | p50 | p99 | bare: requests/s | p50 | p99 | ratio | CPU | bare: CPU |
| --- | --: | --: | --: | --: | --: | --: | --: | --: | --: |
${rows.join('\n')}

${tokens}
Start to the first answer: ${(startMs / 1000).toFixed(2)} s. Resident memory after all of it: ${memory}.
`;
}
