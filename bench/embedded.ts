/** Benchmark on the embedded database. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fillDatabase, usersOf } from './filled-database.ts';
import { startIdentity } from './identity.ts';
import type { Effort } from './measure.ts';
import { startBaseline, startServer } from './processes.ts';
import { sideBySide } from './side-by-side.ts';

export async function measureEmbedded(effort: Effort): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'todo-api-bench-'));
  const identity = await startIdentity();
  try {
    const first = await startServer({ DATABASE_URL: `pglite:${folder}/first`, ...identity.variables });
    await first.stop();
    const [ours, theirs] = [`pglite:${folder}/ours`, `pglite:${folder}/theirs`] as const;
    const filling = { user: 'bench-user', tasks: 100, total: 100_000, others: 1_000 };
    const users = await fillDatabase(ours, filling, usersOf);
    cpSync(join(folder, 'ours'), join(folder, 'theirs'), { recursive: true });

    const startBoth = async () => ({
      baseline: await startBaseline(theirs),
      server: await startServer({ DATABASE_URL: ours, ...identity.variables }),
    });
    const { table, startMs, residentMb } = await sideBySide(startBoth, 1, { users, identity }, effort);
    return [
      '## On the embedded database',
      table,
      `Both were started once. Time from start to the first response: ${(first.startMs / 1_000).toFixed(2)} s without a database, ${(startMs / 1_000).toFixed(2)} s with these\n100,000 tasks. Resident memory after all kinds of requests: ${residentMb} MB, including the database.`,
    ];
  } finally {
    await identity.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
