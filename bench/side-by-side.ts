/** The server beside the bare one, in all kinds of requests. */
import { type Identity, keptTokens } from './identity.ts';
import { type Kind, kinds, requestsOf, type Users } from './kinds.ts';
import { compare, type Effort, warmUp } from './measure.ts';
import type { Running } from './processes.ts';
import { header, row } from './table.ts';

/**
 * @param databaseMs CPU that the database has used, in milliseconds; without it, the database is in the servers
 * @returns a table in Markdown
 */
export async function sideBySide(
  server: Running,
  baseline: Running,
  users: Users,
  identity: Identity,
  effort: Effort,
  databaseMs?: () => number,
): Promise<string> {
  const kept = keptTokens(identity);
  const candidatesFor = (kind: Kind) => [
    { target: server, requests: () => requestsOf(kind, users, kept) },
    { target: baseline, requests: () => requestsOf(kind, users, (user) => ({ 'x-owner': user })) },
  ];
  for (const kind of Object.values(kinds)) await warmUp(candidatesFor(kind), effort);
  const rows: string[] = [];
  for (const [name, kind] of Object.entries(kinds)) {
    rows.push(row(name, await compare(candidatesFor(kind), effort, databaseMs)));
    console.log(rows.at(-1));
  }
  return [header(['todo-api', 'bare']), ...rows].join('\n');
}
