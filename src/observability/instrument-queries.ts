/** Measures the round trips to the database, and traces them. */
import type { QueryObserver } from '../database/user-database.ts';
import type { EmitEvent } from './events.ts';
import type { Tracing } from './tracing.ts';

export function instrumentQueries(record: EmitEvent, tracing: Tracing | null): QueryObserver {
  return {
    async observe(statements, exchange) {
      const start = performance.now();
      const emitOutcome = (outcome: 'ok' | 'error') =>
        record({
          type: 'exchange',
          statements: statements.length,
          outcome,
          seconds: (performance.now() - start) / 1_000,
        });
      try {
        const result = await (tracing ? tracing.exchange(statements, exchange) : exchange());
        emitOutcome('ok');
        return result;
      } catch (error) {
        emitOutcome('error');
        throw error;
      }
    },
    onRetry: () => record({ type: 'retry' }),
  };
}
