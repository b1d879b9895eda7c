/** The server beside the bare one, in all kinds of requests. */
import { type Identity, keptTokens } from './identity.ts';
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
  /** Of the server, the most after any start. */
  readonly residentMb: number;
  /** Of the server, from its start to its first answer, the last time. */
  readonly startMs: number;
}

/**
 * @param start starts both; they are measured and stopped so many times, since each start has its own luck with where code
 *   and data come to lie, which is worth a twentieth
 * @param databaseMs CPU that the database has used, in milliseconds; without it, the database is in the servers
 */
export async function sideBySide(
  start: () => Promise<Pair>,
  starts: number,
  { users, identity }: { users: Users; identity: Identity },
  effort: Effort,
  databaseMs?: () => number,
): Promise<SideBySide> {
  const kept = keptTokens(identity);
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
