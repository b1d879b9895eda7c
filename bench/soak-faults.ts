/** Random faults for the soak test, one at a time. */
import { setTimeout as delay } from 'node:timers/promises';
import type { FaultyProxy } from '../test/support/faulty-proxy.ts';
import type { PostgresServer } from '../test/support/postgres-server.ts';

const pauseMs = 5_000;

/** @returns the number of faults, after `ended` is aborted */
export async function causeFaults(postgres: PostgresServer, proxy: FaultyProxy, ended: AbortSignal): Promise<number> {
  const faults: (() => Promise<void>)[] = [
    async () => proxy.reset(),
    () => restart('fast'),
    () => restart('immediate'),
    () => restart('kill'),
    async () => {
      postgres.freeze();
      await delay(3_000);
      postgres.thaw();
    },
    () => during({ type: 'black hole' }, 3_000),
    () => during({ type: 'delay', ms: 50 }, 2_000),
    () => during({ type: 'lose answer', to: 'idempotency_begin', by: 'reset' }, 500),
    () => during({ type: 'lose answer', to: 'tasks_', by: 'reset' }, 500),
  ];

  async function restart(how: 'fast' | 'immediate' | 'kill'): Promise<void> {
    await postgres.halt(how);
    await delay(500);
    await postgres.start();
  }

  async function during(fault: Parameters<FaultyProxy['cause']>[0], ms: number): Promise<void> {
    proxy.cause(fault);
    await delay(ms);
    proxy.cause({ type: 'none' });
  }

  for (let count = 0; ; count += 1) {
    await delay(pauseMs, undefined, { signal: ended }).catch(() => {});
    if (ended.aborted) return count;
    await faults[Math.floor(Math.random() * faults.length)]?.();
  }
}
