/**
 * Engine of the embedded database: PGlite in a worker thread, so that a long query does not block the server. If the
 * thread ends, the engine opens the database again in a new thread. It ends a thread that does not answer in time.
 */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { PGlite } from '@electric-sql/pglite';
import { EngineEndedError, type EngineThread, startThread } from './engine-thread.ts';

export interface Engine {
  /** Number of exchanges so far. */
  readonly exchangeCount: number;
  /** Waits until the database is open. */
  connect(): Promise<EngineConnection>;
  /** Never resolves. Rejects with an `EngineLostError` if the database has ended and cannot be opened again. */
  readonly lost: Promise<never>;
  close(): Promise<void>;
  /** Ends the database at once, without another write to its files. It is not opened again. */
  kill(): Promise<void>;
}

/** A connection to the database until it ends. The database has a single session, which all connections share. */
export interface EngineConnection extends Pick<EngineThread, 'exchange' | 'onEnd'> {
  /**
   * Ends the database, because an exchange takes too long. There is no other way to cancel a statement of PGlite. It
   * does nothing if the database is in memory, because its data would be lost.
   */
  interrupt(): void;
}

/** The embedded database has ended and cannot be opened again. */
export class EngineLostError extends EngineEndedError {
  override readonly name = 'EngineLostError';
}

/**
 * Number of attempts to open the database again, and the delay before the second attempt. The delay doubles each time.
 */
export const reopening = { attempts: 6, firstDelayMs: 250 };

/**
 * @param directory directory of the files; null keeps the database in memory, and its data is lost when the thread ends
 * @param onRestart called when the database has ended and is opened again
 * @throws the error of the database if it cannot be opened
 */
export async function startEngine(
  directory: string | null,
  onRestart: (reason: EngineEndedError) => void = () => {},
): Promise<Engine> {
  let exchangeCount = 0;
  let isClosing = false;
  let reportLoss: (error: EngineLostError) => void = () => {};
  const lost = new Promise<never>((_, reject) => {
    reportLoss = reject;
  });
  lost.catch(() => {});
  let current = Promise.resolve(supervised(await open(directory)));

  function supervised(thread: EngineThread): EngineThread {
    thread.onEnd((reason) => {
      if (isClosing) return;
      current = reopen(thread, reason);
      current.catch(reportLoss);
    });
    return thread;
  }

  /** @throws EngineLostError */
  async function reopen(ended: EngineThread, reason: EngineEndedError): Promise<EngineThread> {
    if (directory === null) throw new EngineLostError(`${reason.message}. It was in memory, so its data is lost.`);
    onRestart(reason);
    await ended.exited;
    for (let attempt = 1; ; attempt += 1) {
      try {
        // Without the directory, the worker would create an empty database.
        if (!existsSync(directory)) throw new Error('its directory does not exist');
        // Another server may own the directory by now.
        if (isClosing) throw new Error('the server stops using it');
        return supervised(await open(directory));
      } catch (error) {
        if (attempt === reopening.attempts || isClosing) {
          throw new EngineLostError(
            `The embedded database in ${directory} has ended and cannot be opened again (${(error as Error).message}). Check the free space on its disk and the memory of this machine, and start the server again.`,
            { cause: error },
          );
        }
        await delay(reopening.firstDelayMs * 2 ** (attempt - 1));
      }
    }
  }

  return {
    get exchangeCount() {
      return exchangeCount;
    },
    async connect() {
      const thread = await current;
      return {
        exchange(messages) {
          exchangeCount += 1;
          return thread.exchange(messages);
        },
        onEnd: thread.onEnd,
        interrupt() {
          if (directory !== null) thread.terminate('an exchange did not end before its deadline');
        },
      };
    },
    lost,
    async close() {
      isClosing = true;
      const thread = await current.catch(() => null);
      await thread?.close();
    },
    async kill() {
      isClosing = true;
      const thread = await current.catch(() => null);
      thread?.terminate('the server stops using it');
      await thread?.exited;
    },
  };
}

function open(directory: string | null): Promise<EngineThread> {
  // An interrupted statement leaves its temporary files. PostgreSQL removes such files at start, but PGlite does not.
  if (directory !== null) rmSync(join(directory, 'base', 'pgsql_tmp'), { recursive: true, force: true });
  return startThread(directory);
}

/** Engine for a database in the current thread, for tests. Nothing can interrupt it. */
export function engineOf(pglite: PGlite): Engine {
  const close = () => pglite.close();
  let exchangeCount = 0;
  const connection: EngineConnection = {
    exchange(messages) {
      exchangeCount += 1;
      return exchangeWith(pglite, messages);
    },
    onEnd: () => () => {},
    interrupt: () => {},
  };
  return {
    get exchangeCount() {
      return exchangeCount;
    },
    connect: () => Promise.resolve(connection),
    lost: new Promise<never>(() => {}),
    close,
    kill: close,
  };
}

/**
 * Replacement for PGlite's `execProtocolRaw`. That method also parses all answers, and never frees the parsed messages.
 */
export async function exchangeWith(pglite: PGlite, messages: Uint8Array): Promise<Uint8Array> {
  const answers: Uint8Array[] = [];
  // PGlite passes a view of memory that it overwrites later, so each chunk is copied.
  await pglite.execProtocolRawStream(messages, { onRawData: (bytes) => answers.push(bytes.slice()) });
  return answers.length === 1 ? (answers[0] as Uint8Array) : Buffer.concat(answers);
}
