/** Where the embedded database runs: in a thread of its own, so that no query holds up the server. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { PGlite } from '@electric-sql/pglite';
import { settledWithin } from '../../runtime/timeout.ts';

/** For what it is at, and for closing the database in order. */
const closeTimeoutMs = 10_000;

export interface Engine {
  /** Sends messages of PostgreSQL's protocol, which end with one that is answered, and gives the answers. */
  exchange(messages: Uint8Array): Promise<Uint8Array>;
  close(): Promise<void>;
  /** Ends the database at once, without another write to its files. Later exchanges are rejected. */
  kill(): Promise<void>;
}

/** What is asked of the thread: messages of the protocol, or to close the database and end. */
export type EngineRequest = Uint8Array | 'close';

/** The compiled one also while the server itself runs from its sources: Node reads no TypeScript in threads. */
const workerFile = new URL(
  import.meta.url.endsWith('.ts') ? '../../../dist/database/pglite/worker.js' : './worker.js',
  import.meta.url,
);

/**
 * Opens the database in a thread of its own.
 *
 * @param directory where its files are; null keeps it in memory
 */
export async function startEngine(directory: string | null): Promise<Engine> {
  const worker = new Worker(workerFile, { workerData: directory, execArgv: [] });
  await once(worker, 'message');
  // Answers come in the order of the questions.
  const asked: { resolve: (answer: Uint8Array) => void; reject: (error: Error) => void }[] = [];
  let failure: Error | null = null;
  const fail = (error: Error) => {
    failure ??= error;
    for (const { reject } of asked.splice(0)) reject(failure);
  };
  worker.on('message', (answer: Uint8Array | Error) => {
    const question = asked.shift();
    if (answer instanceof Error) question?.reject(answer);
    else question?.resolve(answer);
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
        asked.push({ resolve, reject });
        worker.postMessage(messages satisfies EngineRequest);
      }),
    async close() {
      if (failure) return;
      const ended = once(worker, 'exit');
      worker.postMessage('close' satisfies EngineRequest);
      // A thread that is ended is like a process that is killed: nothing that was acknowledged is lost.
      if (!(await settledWithin(ended, closeTimeoutMs))) await worker.terminate();
    },
    async kill() {
      await worker.terminate();
    },
  };
}

/** A database that runs in this thread, as tests have it. */
export function engineOf(pglite: PGlite): Engine {
  const close = () => pglite.close();
  return { exchange: (messages) => exchangeWith(pglite, messages), close, kill: close };
}

/** PGlite's own `execProtocolRaw` parses all answers besides, and keeps what it has parsed for ever. */
export async function exchangeWith(pglite: PGlite, messages: Uint8Array): Promise<Uint8Array> {
  const answers: Uint8Array[] = [];
  // What it gives is a view of memory that it goes on writing to.
  await pglite.execProtocolRawStream(messages, { onRawData: (bytes) => answers.push(bytes.slice()) });
  return answers.length === 1 ? (answers[0] as Uint8Array) : Buffer.concat(answers);
}
