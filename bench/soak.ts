/**
 * Soak test: mixed traffic of random users on the built server, with optional faults. It prints a table at the end. The
 * exit code is 1 if an acknowledged write is lost or duplicated, or if connections or handles leak. With `--attack`, it runs
 * the test of `soak-attack.ts` instead.
 *
 * Usage: npm run soak -- [--seconds 60] [--clients 20] [--faults] [--embedded]
 *        npm run soak -- --attack [--minutes 30] [--users 10] [--intensity 1] [--embedded]
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type FaultyProxy, startFaultyProxy } from '../test/support/faulty-proxy.ts';
import { freePort, type PostgresServer, startPostgres } from '../test/support/postgres-server.ts';
import { soakUnderAttack } from './soak-attack.ts';
import { causeFaults } from './soak-faults.ts';
import { createTraffic, tokenOf, unlimited } from './soak-traffic.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    clients: { type: 'string', default: '20' },
    faults: { type: 'boolean', default: false },
    embedded: { type: 'boolean', default: false },
    attack: { type: 'boolean', default: false },
    minutes: { type: 'string', default: '30' },
    users: { type: 'string', default: '10' },
    intensity: { type: 'string', default: '1' },
  },
});
const seconds = Number(values.seconds);
if (values.faults && values.embedded) throw new Error('--faults needs a PostgreSQL server: omit --embedded');

const folder = mkdtempSync(join(tmpdir(), 'todo-api-soak-'));
let postgres: PostgresServer | null = null;
let proxy: FaultyProxy | null = null;
let server = null as ChildProcess | null;
try {
  postgres = values.embedded ? null : await startPostgres();
  if (values.attack) {
    const { minutes, users, intensity } = values;
    const effort = { minutes: Number(minutes), users: Number(users), intensity: Number(intensity) };
    const database = postgres ? `${postgres.url}/postgres` : `pglite:${join(folder, 'data')}`;
    process.exitCode = (await soakUnderAttack(database, effort)) ? 0 : 1;
  } else {
    proxy = postgres && (await startFaultyProxy(`${postgres.url}/postgres`));
    process.exitCode = (await soak()) ? 0 : 1;
  }
} finally {
  server?.kill('SIGKILL');
  await proxy?.close();
  await postgres?.stop();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

async function soak(): Promise<boolean> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(process.execPath, [join(import.meta.dirname, '..', 'dist', 'cli', 'main.js'), 'serve'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      PATH: process.env.PATH,
      PORT: String(port),
      ...unlimited,
      AUTH_FAILURES_PER_MINUTE: '0',
      DATABASE_TIMEOUT_MS: '2000',
      ...(proxy && { DATABASE_URL: proxy.url }),
    },
  });
  server = child;
  await untilReady(url);

  const traffic = createTraffic(url);
  // A warm-up, because the memory of every server grows in the first seconds.
  const warm = Math.min(10, seconds / 4);
  await traffic.run(Number(values.clients), warm);
  await delay(2_000);
  const before = resourceUsage(child);

  const ended = new AbortController();
  const faults = postgres && proxy && values.faults ? causeFaults(postgres, proxy, ended.signal) : null;
  await traffic.run(Number(values.clients), seconds - warm);
  ended.abort();
  const caused = (await faults) ?? 0;
  await untilReady(url);
  await delay(2_000);
  const after = resourceUsage(child);
  const wrong = await traffic.verify();
  const leakedHandles = Math.max(0, after.handles - before.handles - 12);
  const openConnections = proxy?.open ?? 0;

  const rows: [string, string | number][] = [
    ['Requests', traffic.histogram.count],
    ['Outcomes', [...traffic.outcomes].map(([outcome, count]) => `${outcome}: ${count}`).join(', ')],
    ['Faults caused', caused],
    [
      'p50 / p99 / p99.9, ms',
      [50, 99, 99.9].map((p) => (traffic.histogram.percentile(p) / 1e6).toFixed(1)).join(' / '),
    ],
    ['Memory at start and end, MB', `${before.megabytes} / ${after.megabytes}`],
    ['Handles at start and end', `${before.handles} / ${after.handles}`],
    ['Connections to the database left', openConnections],
    ['Acknowledged tasks / found', `${wrong.acknowledged} / ${wrong.found}`],
    ['Lost or duplicated', wrong.faults.length],
  ];
  console.log(`\n| After ${seconds} s | |\n| --- | --- |\n${rows.map((row) => `| ${row.join(' | ')} |`).join('\n')}`);
  for (const fault of wrong.faults.slice(0, 10)) console.error(fault);
  child.kill('SIGTERM');
  const [code] = await once(child, 'exit');
  return code === 0 && wrong.faults.length === 0 && leakedHandles === 0 && openConnections <= 10;
}

/** Memory and open handles of a process, or zeros if the operating system does not provide them. */
function resourceUsage({ pid }: ChildProcess): { megabytes: number; handles: number } {
  try {
    const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return { megabytes: Math.round(Number(kilobytes) / 1024), handles: readdirSync(`/proc/${pid}/fd`).length };
  } catch {
    return { megabytes: 0, handles: 0 };
  }
}

async function untilReady(url: string): Promise<void> {
  const headers = { Authorization: `Bearer ${tokenOf('probe')}` };
  for (let attempt = 0; attempt < 600; attempt += 1) {
    const response = await fetch(`${url}/readyz`, { headers }).catch(() => null);
    if (response?.status === 200) return;
    await delay(100);
  }
  throw new Error('the server is not ready');
}
