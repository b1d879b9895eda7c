/**
 * Measures the export, the import and the erasure of users with many tasks: their times, and the memory of the server during
 * the first two.
 *
 * Usage: npm run bench:account -- [numbers of tasks]
 */
import { maxImportBytes, maxImportLines } from '../src/account/import/limits.ts';
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
    const exported = await withPeak(pid, async () => drain(await fetch(`${server.url}/api/v1/export`, { headers })));
    const text = await (await fetch(`${server.url}/api/v1/export`, { headers })).text();
    const imported = await withPeak(pid, () => importAll(server.url, identity.token('copy'), text));
    const started = performance.now();
    const { status } = await fetch(`${server.url}/api/v1/me`, { method: 'DELETE', headers });
    const erased = performance.now() - started;
    console.log(
      `${size} tasks: memory ${before} MB; export ${exported.ms} ms, ${exported.result} bytes, at most ${exported.peak} MB; import ${imported.ms} ms, ${imported.result} created, at most ${imported.peak} MB; erasure ${Math.round(erased)} ms, status ${status}`,
    );
  } finally {
    await server.stop();
    await identity.close();
    await postgres.stop();
  }
}

/** The result of work, its time, and the greatest memory of a process meanwhile. */
async function withPeak<Result>(pid: number, work: () => Promise<Result>) {
  let peak = 0;
  const timer = setInterval(() => {
    peak = Math.max(peak, residentMb(pid));
  }, 10);
  const started = performance.now();
  try {
    const result = await work();
    return { result, peak, ms: Math.round(performance.now() - started) };
  } finally {
    clearInterval(timer);
  }
}

/** Sends an export in requests within the limits, one after the other. Returns the number of created resources. */
async function importAll(url: string, token: string, text: string): Promise<number> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson' };
  const lines = text.split('\n').filter((line) => /^\{"type":"(?:list|task|trash)"/.test(line));
  let [created, next] = [0, 0];
  while (next < lines.length) {
    const start = next;
    for (let bytes = 0; next < lines.length && next - start < maxImportLines; next += 1) {
      bytes += Buffer.byteLength(lines[next] as string) + 1;
      if (bytes > maxImportBytes) break;
    }
    const piece = lines.slice(start, next);
    const response = await fetch(`${url}/api/v1/import`, { method: 'POST', headers, body: piece.join('\n') });
    const result = (await response.json()) as { created?: number };
    if (result.created === undefined) throw new Error(JSON.stringify(result));
    created += result.created;
  }
  return created;
}

/** The number of bytes. */
async function drain(response: Response): Promise<number> {
  let bytes = 0;
  for await (const chunk of response.body as ReadableStream<Uint8Array>) bytes += chunk.length;
  return bytes;
}
