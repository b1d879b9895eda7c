/** Measures the round trips to the database, and traces them. */
import type { ExchangeObserver } from '../database/user-database.ts';
import type { Recorder } from './events.ts';
import type { Tracing } from './tracing.ts';

export function observeExchanges(record: Recorder, tracing: Tracing | null): ExchangeObserver {
  return {
    async observe(statements, exchange) {
      const start = performance.now();
      const told = (outcome: 'ok' | 'error') =>
        record({
          type: 'exchange',
          statements: statements.length,
          outcome,
          seconds: (performance.now() - start) / 1_000,
        });
      try {
        const result = await (tracing ? tracing.exchange(statements, exchange) : exchange());
        told('ok');
        return result;
      } catch (error) {
        told('error');
        throw error;
      }
    },
    onRetry: () => record({ type: 'retry' }),
  };
}
