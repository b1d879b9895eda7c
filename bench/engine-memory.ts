/**
 * Memory of the embedded engine: the growth of the heap per large response. PGlite's own method to send messages retains
 * every parsed response, so the growth would be the size of a response. The exit code is 1 if it is more than a fifth.
 *
 * Usage: npm run bench:memory
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { PGlite } from '@electric-sql/pglite';
import { serialize } from 'pg-protocol';
import { engineOf } from '../src/database/pglite/engine.ts';

const responseBytes = 100_000;
const responses = 300;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const engine = engineOf(await PGlite.create());
const connection = await engine.connect();
await receive(10);
const before = heapAfterCollection();
await receive(responses);
const growth = Math.max(0, heapAfterCollection() - before) / responses;
console.log(`| Response, kB | Growth of the heap per response, kB |\n| --- | --- |`);
console.log(`| ${responseBytes / 1_000} | ${(growth / 1_000).toFixed(1)} |`);
process.exitCode = growth > responseBytes / 5 ? 1 : 0;
await engine.close();

async function receive(count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    await connection.exchange(serialize.query(`select repeat('x', ${responseBytes})`));
  }
}

function heapAfterCollection(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}
