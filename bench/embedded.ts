/** Benchmark on the embedded database. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fillDatabase, readersAndWriters } from './filled-database.ts';
import { cachedTokens, startIdentity } from './identity.ts';
import { kinds } from './kinds.ts';
import type { Effort } from './measure.ts';
import { startBare, startServer } from './processes.ts';
import { asOwner, sideBySide } from './side-by-side.ts';
import { cpuTable, ratesTable } from './table.ts';

export async function measureEmbedded(effort: Effort): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'todo-api-bench-'));
  const identity = await startIdentity();
  try {
    const first = await startServer({ DATABASE_URL: `pglite:${folder}/first`, ...identity.variables });
    await first.stop();
    const [ours, theirs] = [`pglite:${folder}/ours`, `pglite:${folder}/theirs`] as const;
    const filling = { user: 'bench-user', tasks: 100, total: 100_000, others: 1_000 };
    const users = await fillDatabase(ours, filling, readersAndWriters);
    cpSync(join(folder, 'ours'), join(folder, 'theirs'), { recursive: true });

    const contenders = [
      {
        name: 'todo-api',
        start: () => startServer({ DATABASE_URL: ours, ...identity.variables }),
        sign: cachedTokens(identity),
      },
      { name: 'same statements', start: () => startBare('same-statements', theirs), sign: asOwner },
    ];
    const names = contenders.map(({ name }) => name);
    const { results, startMs, residentMb } = await sideBySide(contenders, { kinds, users, starts: 1, effort });
    return [
      '## On the embedded database',
      ratesTable(names, results),
      'CPU time per request, including the database:',
      cpuTable(names, results),
      `Both were started once. Time from start to the first response: ${(first.startMs / 1_000).toFixed(2)} s without a database, ${(startMs / 1_000).toFixed(2)} s with these\n100,000 tasks. Resident memory after all kinds of requests: ${residentMb} MB, including the database.`,
    ];
  } finally {
    await identity.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
