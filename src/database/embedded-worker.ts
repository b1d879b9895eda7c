/** The thread of the embedded database: takes messages of PostgreSQL's protocol and posts the answers. */
import { parentPort, workerData } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';
import type { EngineRequest } from './embedded-engine.ts';

const directory: string | null = workerData;
const pglite = await PGlite.create({
  ...(directory !== null && { dataDir: directory }),
  // The default would double the memory of the whole server.
  postgresqlconf: ['shared_buffers=16MB'],
});

/** One after another, as they came. */
let last: Promise<void> = Promise.resolve();

parentPort?.on('message', (request: EngineRequest) => {
  last = last.then(() => (request === 'close' ? close() : answer(request)));
});
parentPort?.postMessage('ready');

async function answer(messages: Uint8Array): Promise<void> {
  try {
    parentPort?.postMessage(await pglite.execProtocolRaw(messages));
  } catch (error) {
    parentPort?.postMessage(error);
  }
}

async function close(): Promise<void> {
  await pglite.close();
  // Nothing keeps the thread from here on.
  parentPort?.close();
}
