/** Comparison of the server and the bare one, for all kinds of requests. */
import { cachedTokens, type Identity } from './identity.ts';
import { kinds, requestsOf, type Users } from './kinds.ts';
import { type Effort, type Round, summarise, takeTurns, warmUp } from './measure.ts';
import { type Running, residentMb } from './processes.ts';
import { header, row } from './table.ts';

export interface Pair {
  readonly server: Running;
  readonly baseline: Running;
}

export interface SideBySide {
  /** In Markdown. */
  readonly table: string;
  /** Resident memory of the server: the maximum over all starts. */
  readonly residentMb: number;
  /** Time from the last start of the server to its first response. */
  readonly startMs: number;
}

/**
 * @param start starts both servers
 * @param starts number of starts; results differ by 5 % between starts, because the memory layout differs
 * @param databaseMs returns the CPU time of the database, in milliseconds; omit it for the embedded database
 */
export async function sideBySide(
  start: () => Promise<Pair>,
  starts: number,
  { users, identity }: { users: Users; identity: Identity },
  effort: Effort,
  databaseMs?: () => number,
): Promise<SideBySide> {
  const kept = cachedTokens(identity);
  const rounds = new Map<string, Round[]>(Object.keys(kinds).map((name) => [name, []]));
  const seen = { residentMb: 0, startMs: 0 };
  for (let count = 0; count < starts; count += 1) {
    const { server, baseline } = await start();
    const candidates = Object.entries(kinds).map(([name, kind]) => ({
      name,
      both: [
        { target: server, requests: () => requestsOf(kind, users, kept) },
        { target: baseline, requests: () => requestsOf(kind, users, (user) => ({ 'x-owner': user })) },
      ],
    }));
    for (const { both } of candidates) await warmUp(both, effort);
    for (const { name, both } of candidates) {
      const now = await takeTurns(both, effort, databaseMs);
      rounds.get(name)?.push(...now);
      console.log(row(name, summarise(now)));
    }
    seen.residentMb = Math.max(seen.residentMb, residentMb(server.process.pid as number));
    seen.startMs = server.startMs;
    await server.stop();
    await baseline.stop();
  }
  const rows = [...rounds].map(([name, all]) => row(name, summarise(all)));
  return { table: [header(['todo-api', 'bare']), ...rows].join('\n'), ...seen };
}
