/**
 * Soak test under attack: good users and all attacks at once on the built server, each attack in its own process. It writes
 * bench/results/soak-attack.md.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { attacks } from './attack/attacks.ts';
import type { Experience } from './attack/good-users.ts';
import { type Criterion, type Report, type Sample, writeReport } from './attack/report.ts';
import { type Account, type Orders, signUp } from './attack/session.ts';
import { cpuMsOf, databaseCpu, type Running, residentMb, startServer } from './processes.ts';
import { secret } from './soak-traffic.ts';

/** The processes of good users and attackers. */
const children: ChildProcess[] = [];

export interface Effort {
  readonly minutes: number;
  readonly users: number;
  readonly intensity: number;
}

/** Milliseconds that 99 % of a good user's requests may take. */
const maxP99 = 1_000;

/** Resident memory of the server in MB that the bounds on connections, bodies and responses allow. */
const maxMegabytes = 600;

/** Good users begin before the attackers, and end after them. In seconds. */
const headStart = 5;

/**
 * @param database as in `DATABASE_URL`, with an empty database
 * @returns whether the good users got no error and no long wait, and the server had none
 */
export async function soakUnderAttack(database: string, effort: Effort): Promise<boolean> {
  const server = await startServer({
    DATABASE_URL: database,
    BETTER_AUTH_SECRET: secret,
    // The test reports the addresses of its clients like a proxy. All limits have their defaults.
    TRUSTED_PROXIES: 'loopback',
    LOG_LEVEL: 'fatal',
  });
  try {
    return await underAttack(server, database, effort);
  } finally {
    for (const child of [server.process, ...children]) child.kill('SIGKILL');
  }
}

async function underAttack(server: Running, database: string, { minutes, users, intensity }: Effort): Promise<boolean> {
  const names = Object.keys(attacks);
  const seconds = minutes * 60;
  const orders: Orders = {
    url: server.url,
    seconds,
    intensity,
    good: await accounts(server.url, 'good', '10.1', users),
    attackers: await accounts(server.url, 'attacker', '10.2', names.length),
  };
  const isEmbedded = database.startsWith('pglite:');
  const sampling = sample(server, isEmbedded ? () => 0 : await databaseCpu(database), seconds + 2 * headStart);

  const good = run<Experience>('good-users', [], { ...orders, seconds: seconds + 2 * headStart });
  await delay(headStart * 1_000);
  const attacking = names.map((name) => run<Record<string, number>>('attacker', [name], orders));
  const outcomes = await Promise.all(attacking);
  const experience = await good;
  const samples = await sampling;

  const exited = once(server.process, 'exit');
  server.process.kill('SIGTERM');
  const [exitCode] = server.process.exitCode === null ? await exited : [server.process.exitCode];
  const results = Object.fromEntries(names.map((name, index) => [name, outcomes[index] ?? {}]));
  const highest = Math.max(...samples.map(({ megabytes }) => megabytes));
  const criteria = judge(experience, results, highest, exitCode);
  const report: Report = { minutes, users, intensity, isEmbedded, experience, outcomes: results, samples, criteria };
  const document = writeReport(report);
  writeFileSync(join(import.meta.dirname, 'results', 'soak-attack.md'), document);
  console.log(document);
  return criteria.every(({ holds }) => holds);
}

function judge(
  { operations, errors }: Experience,
  outcomes: Readonly<Record<string, Readonly<Record<string, number>>>>,
  highest: number,
  exitCode: number | null,
): Criterion[] {
  const slow = Object.entries(operations).filter(([, { p99 }]) => p99 >= maxP99);
  const failures = Object.values(outcomes).flatMap((counts) =>
    Object.keys(counts).filter((name) => /^50[02]/.test(name)),
  );
  const guessed = outcomes['guessed passwords']?.['200'] ?? 0;
  return [
    { name: 'Good users got no error', holds: Object.keys(errors).length === 0 },
    { name: `p99 of each operation of the good users is below ${maxP99} ms`, holds: slow.length === 0 },
    { name: 'Good users were served', holds: Object.values(operations).reduce((sum, { count }) => sum + count, 0) > 0 },
    { name: `The memory of the server stayed below ${maxMegabytes} MB`, holds: highest < maxMegabytes },
    { name: 'No attack got a status 500', holds: failures.length === 0 },
    { name: 'No password was guessed', holds: guessed === 0 },
    { name: 'The server ended with exit code 0', holds: exitCode === 0 },
  ];
}

/** Signs up accounts, one per address. */
async function accounts(url: string, name: string, network: string, count: number): Promise<Account[]> {
  const signedUp: Account[] = [];
  for (let index = 0; index < count; index += 1) {
    signedUp.push(await signUp(url, `${name}-${index}`, `${network}.${index >> 8}.${index & 255}`));
  }
  return signedUp;
}

/** Runs a module in its own process. Returns what it prints as JSON, or the reason of its end as an outcome. */
async function run<Result>(module: string, words: readonly string[], orders: Orders): Promise<Result> {
  const file = join(import.meta.dirname, 'attack', `${module}.ts`);
  const child: ChildProcess = spawn(process.execPath, ['--import', 'tsx', file, ...words], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  children.push(child);
  child.stdin?.end(JSON.stringify(orders));
  const printed = await text(child.stdout as NodeJS.ReadableStream);
  if (printed === '') throw new Error(`${module} ${words.join(' ')} ended without a result`);
  return JSON.parse(printed) as Result;
}

/** Measures the server and the database about 30 times. */
async function sample({ process: server }: Running, databaseMs: () => number, seconds: number): Promise<Sample[]> {
  const samples: Sample[] = [];
  const everyMs = Math.max(2_000, (seconds * 1_000) / 30);
  const start = performance.now();
  const used = () => ({ at: performance.now(), server: cpuMsOf(server.pid as number), database: databaseMs() });
  for (let before = used(); performance.now() - start < seconds * 1_000 && server.exitCode === null; ) {
    await delay(everyMs);
    const now = used();
    const share = (ms: number) => Math.round((100 * ms) / (now.at - before.at));
    samples.push({
      second: Math.round((now.at - start) / 1_000),
      megabytes: server.exitCode === null ? residentMb(server.pid as number) : 0,
      serverCpu: share(now.server - before.server),
      databaseCpu: share(now.database - before.database),
    });
    before = now;
  }
  return samples;
}
