/** The report of the soak test under attack. */
import { availableParallelism } from 'node:os';
import type { Experience } from './good-users.ts';

export interface Sample {
  readonly second: number;
  /** Resident memory of the server. */
  readonly megabytes: number;
  /** In percent of one processor, since the previous sample. */
  readonly serverCpu: number;
  readonly databaseCpu: number;
}

export interface Criterion {
  readonly name: string;
  readonly holds: boolean;
}

export interface Report {
  readonly minutes: number;
  readonly users: number;
  readonly intensity: number;
  readonly isEmbedded: boolean;
  readonly experience: Experience;
  /** The number of outcomes by status, per attack. */
  readonly outcomes: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly samples: readonly Sample[];
  readonly criteria: readonly Criterion[];
}

/** @returns a Markdown document */
export function writeReport({
  minutes,
  users,
  intensity,
  isEmbedded,
  experience,
  outcomes,
  samples,
  criteria,
}: Report): string {
  const { operations, errors } = experience;
  const database = isEmbedded ? 'the embedded database' : 'PostgreSQL';
  return `# Soak test under attack

Written by \`npm run soak -- --attack\`: ${minutes} minutes, ${users} good users and all attacks at once, with intensity
${intensity}, on the built server with the embedded issuer, the default limits and ${database}. The clients, the server and
the database share one machine with ${availableParallelism()} processors.

${table(
  ['Criterion', 'Result'],
  criteria.map(({ name, holds }) => [name, holds ? 'holds' : '**fails**']),
)}

## Good users

${table(
  ['Operation', 'Requests', 'p50, ms', 'p99, ms', 'Maximum, ms'],
  Object.entries(operations)
    .sort()
    .map(([name, { count, p50, p99, max }]) => [name, count, p50.toFixed(0), p99.toFixed(0), max.toFixed(0)]),
)}

${Object.keys(errors).length === 0 ? 'No errors.' : table(['Error', 'Count'], byCount(errors))}

## Attackers

${table(
  ['Attack', 'Outcomes'],
  Object.entries(outcomes).map(([name, counts]) => [
    name,
    byCount(counts)
      .map(([outcome, count]) => `${outcome}: ${count}`)
      .join(', '),
  ]),
)}

## Server and database

${table(
  ['Second', 'Memory of the server, MB', 'CPU of the server, %', 'CPU of PostgreSQL, %'],
  samples.map(({ second, megabytes, serverCpu, databaseCpu }) => [second, megabytes, serverCpu, databaseCpu]),
)}
`;
}

function byCount(counts: Readonly<Record<string, number>>): [string, number][] {
  return Object.entries(counts).sort(([, one], [, other]) => other - one);
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
