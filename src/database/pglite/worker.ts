/** The thread of the embedded database: takes messages of PostgreSQL's protocol and posts the answers. */
import { existsSync, renameSync, rmSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';
import { type EngineRequest, exchangeWith } from './engine.ts';

const directory: string | null = workerData;
if (directory !== null && !existsSync(directory)) await makeCluster(directory);
const pglite = await open(directory);

/** One after another, as they came. */
let last: Promise<void> = Promise.resolve();

parentPort?.on('message', (request: EngineRequest) => {
  last = last.then(() => (request === 'close' ? close() : answer(request)));
});
parentPort?.postMessage('ready');

/** In another place first: what a process that was killed has left half made must not be taken for a database. */
async function makeCluster(target: string): Promise<void> {
  const unfinished = `${target}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  const made = await open(unfinished);
  await made.close();
  renameSync(unfinished, target);
}

function open(dataDir: string | null): Promise<PGlite> {
  return PGlite.create({
    ...(dataDir !== null && { dataDir }),
    // The default would double the memory of the whole server.
    postgresqlconf: ['shared_buffers=16MB'],
  });
}

async function answer(messages: Uint8Array): Promise<void> {
  try {
    parentPort?.postMessage(await exchangeWith(pglite, messages));
  } catch (error) {
    parentPort?.postMessage(error);
  }
}

async function close(): Promise<void> {
  await pglite.close();
  // Nothing keeps the thread from here on.
  parentPort?.close();
}
