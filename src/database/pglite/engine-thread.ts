/** Thread of the embedded database: one worker, from its start until it ends for any reason. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { settledWithin } from '../../runtime/timeout.ts';

/** For the request in progress and an orderly shutdown of the database. */
const closeTimeoutMs = 10_000;

/** A request to the worker: protocol messages, or `close` to close the database and end the thread. */
export type EngineRequest = Uint8Array | 'close';

/** The embedded database has ended, like a PostgreSQL server that crashed. What it acknowledged is not lost. */
export class EngineEndedError extends Error {
  override readonly name: string = 'EngineEndedError';
  /** SQLSTATE crash_shutdown. */
  readonly code = '57P02';
}

export interface EngineThread {
  /** Sends protocol messages, the last of which PostgreSQL answers (Query, Sync or Flush). Returns the answers. */
  exchange(messages: Uint8Array): Promise<Uint8Array>;
  /** Calls `listener` when the database has ended. Returns a function that removes it. */
  onEnd(listener: (reason: EngineEndedError) => void): () => void;
  /** Resolves when the thread has ended and no longer writes. */
  readonly exited: Promise<unknown>;
  /** Closes the database in order. */
  close(): Promise<void>;
  /** Ends the database at once, without another write to its files. Exchanges in progress are rejected. */
  terminate(reason: string): void;
}

/**
 * The compiled worker, also if the server runs from TypeScript sources: Node cannot load TypeScript in a worker thread.
 */
const workerFile = new URL(
  import.meta.url.endsWith('.ts') ? '../../../dist/database/pglite/worker.js' : './worker.js',
  import.meta.url,
);

/**
 * Opens the database in a new thread.
 *
 * @param directory directory of its files; null keeps the database in memory
 * @throws the error of the database if it cannot be opened
 */
export async function startThread(directory: string | null): Promise<EngineThread> {
  const worker = new Worker(workerFile, { workerData: directory, execArgv: [] });
  const exited = new Promise((resolve) => worker.once('exit', resolve));
  // Answers arrive in the order of the requests. The first message says that the database is open.
  const pending: { resolve: (answer: Uint8Array) => void; reject: (error: Error) => void }[] = [];
  const ready = new Promise((resolve, reject) => pending.push({ resolve, reject }));
  const listeners = new Set<(reason: EngineEndedError) => void>();
  let isReady = false;
  let failure: EngineEndedError | null = null;

  function end(cause: Error): void {
    if (failure) return;
    failure = new EngineEndedError(`the embedded database has ended: ${cause.message}`, { cause });
    void worker.terminate();
    for (const listener of listeners) listener(failure);
    listeners.clear();
    for (const { reject } of pending.splice(0)) reject(isReady ? failure : cause);
  }

  worker.on('message', (answer: Uint8Array | Error) => {
    // PostgreSQL reports its own errors in an answer. After an exception of PGlite, its memory is in an unknown state.
    if (answer instanceof Error) end(answer);
    else pending.shift()?.resolve(answer);
  });
  worker.on('error', end);
  worker.on('exit', (code) => end(new Error(`its thread exited with code ${code}`)));
  await ready;
  isReady = true;

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
    onEnd(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    exited,
    async close() {
      if (failure) return;
      const ended = once(worker, 'exit');
      worker.postMessage('close' satisfies EngineRequest);
      // Terminating the thread is like killing a server process: acknowledged commits are not lost.
      if (!(await settledWithin(ended, closeTimeoutMs))) await worker.terminate();
    },
    terminate: (reason) => end(new Error(reason)),
  };
}
