/**
 * Benchmark of the built server and two bare ones on the same database, in turns. One sends the same statements, the other
 * uses a plain table. It writes `bench/results/throughput.md`. With `--target` it measures any server with this API, and
 * prints the results.
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
  if (!answer.ok) throw new Error(`${url} returned ${answer.status}: ${await answer.text()}`);
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
${Math.round(totalmem() / 2 ** 30)} GiB. Server, database and load generator share the machine. ${connections} connections. The servers are measured in
turns, after a warm-up: ${starts} starts with ${rounds} rounds of ${seconds} s each. The values are medians of the rounds, and the ratio is
the median of their ratios. 1,000 users have 100 tasks each; 50 of them read, and 50 others write. The bare servers consist
of \`node:http\` and \`pg\`, without tokens, policies, validation, limits or log. One sends the same statements
(\`bench/bare/same-statements.ts\`). The other uses a plain table with one index, without tags, search index, history and
constraints (\`bench/bare/plain-table.ts\`). Latencies are in milliseconds.
[docs/performance.md](../../docs/performance.md) explains the ratios.`;
}
