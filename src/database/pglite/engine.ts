/** Engine of the embedded database: a worker thread, so that a long query does not block the server. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { PGlite } from '@electric-sql/pglite';
import { settledWithin } from '../../runtime/timeout.ts';

/** For the request in progress and an orderly shutdown of the database. */
const closeTimeoutMs = 10_000;

export interface Engine {
  /** Sends protocol messages, the last of which PostgreSQL answers (Query, Sync or Flush). Returns the answers. */
  exchange(messages: Uint8Array): Promise<Uint8Array>;
  close(): Promise<void>;
  /** Terminates the database at once, without another write to its files. Later exchanges are rejected. */
  kill(): Promise<void>;
}

/** A request to the worker: protocol messages, or `close` to close the database and end the thread. */
export type EngineRequest = Uint8Array | 'close';

/**
 * The compiled worker, also if the server runs from TypeScript sources: Node cannot load TypeScript in a worker thread.
 */
const workerFile = new URL(
  import.meta.url.endsWith('.ts') ? '../../../dist/database/pglite/worker.js' : './worker.js',
  import.meta.url,
);

/**
 * Opens the database in a worker thread.
 *
 * @param directory directory of its files; null keeps the database in memory
 */
export async function startEngine(directory: string | null): Promise<Engine> {
  const worker = new Worker(workerFile, { workerData: directory, execArgv: [] });
  await once(worker, 'message');
  // Answers arrive in the order of the requests.
  const pending: { resolve: (answer: Uint8Array) => void; reject: (error: Error) => void }[] = [];
  let failure: Error | null = null;
  const fail = (error: Error) => {
    failure ??= error;
    for (const { reject } of pending.splice(0)) reject(failure);
  };
  worker.on('message', (answer: Uint8Array | Error) => {
    const request = pending.shift();
    if (answer instanceof Error) request?.reject(answer);
    else request?.resolve(answer);
  });
  worker.on('error', fail);
  worker.on('exit', () => fail(new Error('the embedded database has ended')));
  return {
    exchange: (messages) =>
      new Promise((resolve, reject) => {
        if (failure) {
          reject(failure);
          return;
        }
        pending.push({ resolve, reject });
        worker.postMessage(messages satisfies EngineRequest);
      }),
    async close() {
      if (failure) return;
      const ended = once(worker, 'exit');
      worker.postMessage('close' satisfies EngineRequest);
      // Terminating the thread is like killing a server process: acknowledged commits are not lost.
      if (!(await settledWithin(ended, closeTimeoutMs))) await worker.terminate();
    },
    async kill() {
      await worker.terminate();
    },
  };
}

/** Engine for a database in the current thread, for tests. */
export function engineOf(pglite: PGlite): Engine {
  const close = () => pglite.close();
  return { exchange: (messages) => exchangeWith(pglite, messages), close, kill: close };
}

/** Alternative to PGlite's `execProtocolRaw`, which also parses all answers and never frees the parsed messages. */
export async function exchangeWith(pglite: PGlite, messages: Uint8Array): Promise<Uint8Array> {
  const answers: Uint8Array[] = [];
  // PGlite passes a view of memory that it overwrites later, so each chunk is copied.
  await pglite.execProtocolRawStream(messages, { onRawData: (bytes) => answers.push(bytes.slice()) });
  return answers.length === 1 ? (answers[0] as Uint8Array) : Buffer.concat(answers);
}
