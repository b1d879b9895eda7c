/** Clients that record acknowledged writes, for a later comparison with the database. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Answer } from './serve.ts';

type Call = (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Answer>;

export interface Journal {
  /** Titles of requests that were answered with 201. */
  readonly acknowledged: ReadonlySet<string>;
  /** Number of successful answers. */
  readonly successes: number;
  /** Count of each outcome: a status, or `cut` if there was no answer. */
  readonly outcomes: ReadonlyMap<string, number>;
  /** Writes and reads until the signal is aborted. Then every write with a key has been acknowledged. */
  run(call: Call, clients: number, ended: AbortSignal): Promise<void>;
  /** Returns the lost and the duplicated writes, given the existing titles. */
  faults(titles: readonly string[]): string[];
}

/**
 * Outcomes after which a client with a key retries: no answer, or an answer that leaves the result of the write open.
 */
const again = new Set(['cut', '409', '503', '504']);

export function createJournal(pauseMs = 0): Journal {
  const acknowledged = new Set<string>();
  const asked = new Set<string>();
  let successes = 0;
  const outcomes = new Map<string, number>();

  async function once(call: Call, method: string, path: string, body?: unknown, headers?: Record<string, string>) {
    const outcome = await call(method, path, body, headers).then(
      ({ status }) => String(status),
      () => 'cut',
    );
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    if (/^2/.test(outcome)) successes += 1;
    return outcome;
  }

  /** A write without retries: it exists at most once, and exists if it was acknowledged. */
  async function writePlain(call: Call): Promise<void> {
    const title = `plain ${randomUUID()}`;
    asked.add(title);
    if ((await once(call, 'POST', '/api/v1/tasks', { title })) === '201') acknowledged.add(title);
  }

  /** A write that is retried until it is acknowledged: it exists once. */
  async function writeKeyed(call: Call): Promise<void> {
    const title = `keyed ${randomUUID()}`;
    asked.add(title);
    const headers = { 'Idempotency-Key': randomUUID() };
    for (let attempt = 0; attempt < 3_000; attempt += 1) {
      const outcome = await once(call, 'POST', '/api/v1/tasks', { title }, headers);
      if (!again.has(outcome)) {
        if (outcome === '201') acknowledged.add(title);
        return;
      }
      await delay(100);
    }
    throw new Error(`${title} was never acknowledged`);
  }

  return {
    acknowledged,
    get successes() {
      return successes;
    },
    outcomes,
    async run(call, clients, ended) {
      const client = async (number: number) => {
        for (let turn = number; !ended.aborted; turn += 1) {
          if (turn % 3 === 0) await writePlain(call);
          else if (turn % 3 === 1) await writeKeyed(call);
          else await once(call, 'GET', '/api/v1/tasks?limit=1');
          await delay(pauseMs);
        }
      };
      await Promise.all(Array.from({ length: clients }, (_, number) => client(number)));
    },
    faults(titles) {
      const counts = new Map<string, number>();
      for (const title of titles) counts.set(title, (counts.get(title) ?? 0) + 1);
      return [
        ...[...acknowledged].filter((title) => !counts.has(title)).map((title) => `lost: ${title}`),
        ...[...counts].filter(([, count]) => count > 1).map(([title, count]) => `${count} times: ${title}`),
        ...[...counts.keys()].filter((title) => !asked.has(title)).map((title) => `never asked for: ${title}`),
      ];
    },
  };
}
