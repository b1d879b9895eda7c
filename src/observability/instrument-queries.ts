/** Instrumentation of the database round trips: metrics and traces. */
import { isWriteStopped } from '../database/errors.ts';
import type { QueryObserver } from '../database/user-database.ts';
import type { EmitEvent } from './events.ts';
import type { Tracing } from './tracing.ts';

export function instrumentQueries(emit: EmitEvent, tracing: Tracing | null): QueryObserver {
  return {
    async observe(statements, roundTrip) {
      const start = performance.now();
      const emitOutcome = (outcome: 'ok' | 'error') =>
        emit({
          type: 'round_trip',
          statements: statements.length,
          outcome,
          seconds: (performance.now() - start) / 1_000,
        });
      try {
        const result = await (tracing ? tracing.traceRoundTrip(statements, roundTrip) : roundTrip());
        emitOutcome('ok');
        return result;
      } catch (error) {
        emitOutcome(isWriteStopped(error) ? 'ok' : 'error');
        throw error;
      }
    },
    onRetry: () => emit({ type: 'retry' }),
  };
}
