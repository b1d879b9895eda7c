/**
 * Measures the built server beside a bare one that sends the same statements, on the same database, in the same run and
 * in turns, and writes `bench/results/throughput.md`. Or measures any server that speaks the API, and prints what it sees.
 *
 * Usage: npm run bench [-- --seconds 3 --rounds 2 --starts 5 --connections 16 --database postgres://…]
 *        npm run bench -- --target http://127.0.0.1:3000 --token …
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { startPostgres } from '../test/support/postgres-server.ts';
import { measureEmbedded } from './embedded.ts';
import { kinds, requestsOf } from './kinds.ts';
import { type Effort, summarise, takeTurns, warmUp } from './measure.ts';
import { measurePostgres } from './postgres.ts';
import { header, row } from './table.ts';

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '2' },
    starts: { type: 'string', default: '5' },
    connections: { type: 'string', default: '16' },
    database: { type: 'string' },
    target: { type: 'string' },
    token: { type: 'string', default: '' },
  },
});
const effort: Effort = {
  seconds: Number(options.seconds),
  rounds: Number(options.rounds),
  connections: Number(options.connections),
};
const starts = Number(options.starts);

if (options.target) await measureTarget(options.target, { authorization: `Bearer ${options.token}` });
else await measureHere();

async function measureTarget(url: string, headers: Record<string, string>): Promise<void> {
  const answer = await fetch(`${url}/api/v1/tasks`, { headers });
  if (!answer.ok) throw new Error(`${url} answers ${answer.status}: ${await answer.text()}`);
  const ids = ((await answer.json()) as { id: string }[]).map(({ id }) => id);
  console.log(header([url]));
  for (const [name, kind] of Object.entries(kinds)) {
    const candidates = [{ target: { url }, requests: () => requestsOf(kind, { user: ids }, () => headers) }];
    await warmUp(candidates, effort);
    console.log(row(name, summarise(await takeTurns(candidates, effort))));
  }
}

async function measureHere(): Promise<void> {
  const postgres = options.database ? null : await startPostgres(['autovacuum=off']);
  try {
    const page = [
      introduction(),
      ...(await measurePostgres(options.database ?? `${postgres?.url}/postgres`, starts, effort)),
      ...(await measureEmbedded(effort)),
    ];
    writeFileSync('bench/results/throughput.md', `${page.join('\n\n')}\n`);
  } finally {
    await postgres?.stop();
  }
}

function introduction(): string {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  const { connections, rounds, seconds } = effort;
  return `# Results

Written by \`npm run bench\` at ${commit}, with Node ${process.versions.node} on ${cpus().length} cores of ${cpus()[0]?.model.trim()} with
${Math.round(totalmem() / 2 ** 30)} GiB, which server, database and load generator share. ${connections} connections; the servers in turns, warm, ${starts} times
started and each time for ${rounds} rounds of ${seconds} s; medians of the rounds, and of their ratios. 1,000 users have 100 tasks each. The bare server (\`bench/baseline.ts\`) is \`node:http\`
and \`pg\`, and sends the same statements as a superuser with no tokens, policies, validation, limits or log. Latencies are
in milliseconds, CPU is for one request. How it came to this is in [docs/performance.md](../../docs/performance.md).`;
}
