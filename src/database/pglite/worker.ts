/** Worker thread of the embedded database: receives PostgreSQL protocol messages and posts the answers. */
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';
import { exchangeWith } from './engine.ts';
import type { EngineRequest } from './engine-thread.ts';
import { PrivateFileSystem } from './private-file-system.ts';

const directory: string | null = workerData;
if (directory !== null && !existsSync(directory)) await createCluster(directory);
const pglite = await open(directory);

/** Requests run one after another, in the order of arrival. */
let last: Promise<void> = Promise.resolve();

parentPort?.on('message', (request: EngineRequest) => {
  last = last.then(() => (request === 'close' ? close() : answer(request)));
});
parentPort?.postMessage('ready');

/**
 * Creates the cluster under a temporary name, so that the remains of a killed process are not mistaken for a database.
 */
async function createCluster(target: string): Promise<void> {
  const unfinished = `${target}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { mode: 0o700 });
  const cluster = await open(unfinished);
  await cluster.close();
  renameSync(unfinished, target);
}

function open(dataDir: string | null): Promise<PGlite> {
  return PGlite.create({
    ...(dataDir !== null && { fs: new PrivateFileSystem(dataDir) }),
    // PGlite's default would double the memory of the whole server.
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
  // Without the port, the thread has nothing left to do and ends.
  parentPort?.close();
}
