/** The page with the results of the peers. */
import { execFileSync } from 'node:child_process';
import { cpus, totalmem } from 'node:os';
import type { Comparison, Effort, Measured } from '../measure.ts';
import { headerOf, microseconds, type Results, rate, rowOf } from '../table.ts';
import type { InstalledPeer, SkippedPeer } from './installation.ts';

export interface PeersResults {
  /** Of the measured servers: todo-api is the first. */
  readonly names: readonly string[];
  readonly results: Results;
  readonly installed: readonly InstalledPeer[];
  readonly skipped: readonly SkippedPeer[];
  readonly starts: number;
  readonly effort: Effort;
  /** Number of the users who read, and of those who write. */
  readonly users: number;
}

/** In Markdown. */
export function peersPage({ names, results, installed, skipped, starts, effort, users }: PeersResults): string {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  const { connections, rounds, seconds } = effort;
  const table = (cell: (comparison: Comparison, server: number) => string) =>
    [
      headerOf(['', ...results.keys()]),
      ...names.map((name, server) => rowOf([name, ...[...results.values()].map((each) => cell(each, server))])),
    ].join('\n');
  return `# Peers

Written by \`npm run bench:peers\` at ${commit}, with Node ${process.versions.node} on ${cpus().length} cores of ${cpus()[0]?.model.trim()} with
${Math.round(totalmem() / 2 ** 30)} GiB. Servers, database and load generator share the machine. ${connections} connections. The servers are measured in
turns, after a warm-up: ${starts} starts with ${rounds} rounds of ${seconds} s each. The values are medians of the rounds. 1,000 users have 100
tasks each; ${users} of them read, and ${users} others write. Each user has one token (HS256), which every server verifies except for
the bare one. The peers and the bare server use the plain table, and todo-api its own tables.
[docs/performance.md](../../docs/performance.md#peers) explains the figures.

## CPU time per request, server + PostgreSQL, in µs

${table(({ measured }, server) => {
  const { cpu, databaseCpu } = measured[server] as Measured;
  return `${microseconds(cpu)} + ${microseconds(databaseCpu)}`;
})}

## Requests per second

${table(({ measured }, server) => rate((measured[server] as Measured).perSecond))}

## Ratio of the rate of todo-api to the rate of the server

${table(({ ratios }, server) => (server === 0 ? '–' : (ratios[server - 1] as number).toFixed(2)))}

## Versions

| Server | Versions |
| --- | --- |
${[
  ...installed.map(({ name, installedVersions }) => rowOf([name, installedVersions])),
  ...skipped.map(({ name, reason }) => rowOf([name, `skipped: ${reason}`])),
].join('\n')}
`;
}
