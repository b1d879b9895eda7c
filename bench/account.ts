/**
 * Measures the export and the erasure of users with many tasks: their times, and the memory of the server during an export.
 *
 * Usage: npm run bench:account -- [numbers of tasks]
 */
import { startPostgres } from '../test/support/postgres-server.ts';
import { fillDatabase } from './filled-database.ts';
import { startIdentity } from './identity.ts';
import { residentMb, startServer } from './processes.ts';

const given = process.argv.slice(2).map(Number);
const sizes = given.length > 0 ? given : [10_000, 100_000];
for (const size of sizes) await measure(size);

async function measure(size: number): Promise<void> {
  const postgres = await startPostgres();
  const url = `${postgres.url}/postgres`;
  await fillDatabase(url, { user: 'busy', tasks: size, total: size + 20_000, others: 100, lists: 200 }, (client) =>
    client.query('set session_replication_role = origin'),
  );
  const identity = await startIdentity();
  const server = await startServer({ DATABASE_URL: url, ...identity.variables });
  const pid = server.process.pid as number;
  const headers = { authorization: `Bearer ${identity.token('busy')}` };
  try {
    // The first request of a process compiles functions and makes plans.
    await drain(await fetch(`${server.url}/api/v1/export`, { headers }));
    const before = residentMb(pid);
    let peak = 0;
    const timer = setInterval(() => {
      peak = Math.max(peak, residentMb(pid));
    }, 10);
    let started = performance.now();
    const bytes = await drain(await fetch(`${server.url}/api/v1/export`, { headers }));
    const exported = performance.now() - started;
    clearInterval(timer);
    started = performance.now();
    const { status } = await fetch(`${server.url}/api/v1/me`, { method: 'DELETE', headers });
    const erased = performance.now() - started;
    console.log(
      `${size} tasks: export ${Math.round(exported)} ms, ${bytes} bytes, memory ${before} MB before and at most ${peak} MB; erasure ${Math.round(erased)} ms, status ${status}`,
    );
  } finally {
    await server.stop();
    await identity.close();
    await postgres.stop();
  }
}

/** The number of bytes. */
async function drain(response: Response): Promise<number> {
  let bytes = 0;
  for await (const chunk of response.body as ReadableStream<Uint8Array>) bytes += chunk.length;
  return bytes;
}
