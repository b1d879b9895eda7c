/** Clients that write down what was acknowledged, to be looked for afterwards. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Answer } from './serve.ts';

type Call = (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Answer>;

export interface Journal {
  /** Titles that were answered with 201. */
  readonly acknowledged: ReadonlySet<string>;
  /** When each answer came, for the rate. */
  readonly answeredAt: readonly number[];
  /** How often each outcome came: a status, or `cut` where there was no answer. */
  readonly outcomes: ReadonlyMap<string, number>;
  /** Writes and reads on and on, until told to end; then everything begun with a key has been acknowledged. */
  run(call: Call, clients: number, ended: AbortSignal): Promise<void>;
  /** What is lost or there twice, given the titles that are there. */
  faults(titles: readonly string[]): string[];
}

/** What a client with a key asks for again: an answer that says nothing of the write, or none. */
const again = new Set(['cut', '409', '503', '504']);

export function createJournal(pauseMs = 0): Journal {
  const acknowledged = new Set<string>();
  const asked = new Set<string>();
  const answeredAt: number[] = [];
  const outcomes = new Map<string, number>();

  async function once(call: Call, method: string, path: string, body?: unknown, headers?: Record<string, string>) {
    const outcome = await call(method, path, body, headers).then(
      ({ status }) => String(status),
      () => 'cut',
    );
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    if (/^2/.test(outcome)) answeredAt.push(performance.now());
    return outcome;
  }

  /** A write that is not repeated: there at most once, and there if acknowledged. */
  async function writePlain(call: Call): Promise<void> {
    const title = `plain ${randomUUID()}`;
    asked.add(title);
    if ((await once(call, 'POST', '/api/v1/tasks', { title })) === '201') acknowledged.add(title);
  }

  /** A write that is repeated until it is acknowledged: there once. */
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
    answeredAt,
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
