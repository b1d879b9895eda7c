/** Comparison of several servers on one database, for several kinds of requests. */
import { type Kind, type ReadersAndWriters, requestsOf, type Sign, usersFor } from './kinds.ts';
import { type Comparison, type Effort, type Round, summarise, takeTurns, warmUp } from './measure.ts';
import { type Running, residentMb } from './processes.ts';
import { microseconds, type Results, rate } from './table.ts';

/** A server that is measured. */
export interface Contender {
  readonly name: string;
  readonly start: () => Promise<Running>;
  /** Returns the headers that identify a user to it. */
  readonly sign: Sign;
}

/** The headers that identify a user to a bare server. */
export const asOwner: Sign = (user) => ({ 'x-owner': user });

export interface Setting {
  readonly kinds: Readonly<Record<string, Kind>>;
  readonly users: ReadersAndWriters;
  /** Number of starts of the servers. Results differ by 5 % between starts, because the memory layout differs. */
  readonly starts: number;
  readonly effort: Effort;
  /** Runs before each start. */
  readonly prepare?: () => Promise<void>;
  /** Returns the CPU time of the database in milliseconds; omitted for the embedded database. */
  readonly databaseMs?: () => number;
}

export interface SideBySide {
  readonly results: Results;
  /** Resident memory of the first server in MB: the maximum over all starts. */
  readonly residentMb: number;
  /** Time from the last start of the first server to its first response, in milliseconds. */
  readonly startMs: number;
}

/** @param contenders the servers; ratios are those of the first one to the others */
export async function sideBySide(contenders: readonly Contender[], setting: Setting): Promise<SideBySide> {
  const { kinds, users, starts, effort, databaseMs } = setting;
  const rounds = new Map<string, Round[]>(Object.keys(kinds).map((name) => [name, []]));
  const seen = { residentMb: 0, startMs: 0 };
  for (let count = 0; count < starts; count += 1) {
    await setting.prepare?.();
    const running: Running[] = [];
    try {
      for (const { start } of contenders) running.push(await start());
      const measurements = Object.entries(kinds).map(([name, kind]) => ({
        name,
        candidates: contenders.map(({ sign }, index) => ({
          target: running[index] as Running,
          requests: () => requestsOf(kind, usersFor(name, users), sign),
        })),
      }));
      for (const { candidates } of measurements) await warmUp(candidates, effort);
      for (const { name, candidates } of measurements) {
        const now = await takeTurns(candidates, effort, databaseMs);
        rounds.get(name)?.push(...now);
        console.log(`${name}: ${progress(contenders, summarise(now))}`);
      }
      const [first] = running as [Running];
      seen.residentMb = Math.max(seen.residentMb, residentMb(first.process.pid as number));
      seen.startMs = first.startMs;
    } finally {
      for (const server of running) await server.stop();
    }
  }
  return { results: new Map([...rounds].map(([name, all]) => [name, summarise(all)])), ...seen };
}

function progress(contenders: readonly Contender[], { measured }: Comparison): string {
  const each = measured.map(({ perSecond, cpu, databaseCpu }, index) => {
    return `${contenders[index]?.name} ${rate(perSecond)}/s, ${microseconds(cpu)} + ${microseconds(databaseCpu)} µs`;
  });
  return each.join('; ');
}
