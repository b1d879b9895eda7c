/** The metrics of a server: what is counted, and under which names. */
import type { ServerEvent, VerificationOutcome } from './events.ts';
import { securityEventOf } from './events.ts';
import { measureProcess } from './process-metrics.ts';
import { createInstruments, type Description } from './prometheus.ts';

export interface Metrics {
  readonly descriptions: readonly Description[];
  count(event: ServerEvent): void;
  /** All of them in Prometheus's text format. */
  write(): string;
}

/** The part of pg's pool that tells how it is used. */
export interface PoolUse {
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
}

/** In seconds: from a request that asks nothing of the database to the deadline of a statement. */
const requestBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 10];
const exchangeBounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** Others may be sent as well, for Node reads more than thirty: they are counted together. */
const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

const verificationOutcomes: readonly VerificationOutcome[] = ['verified', 'remembered', 'refused', 'unavailable'];

export function createMetrics(pool: PoolUse): Metrics {
  const instruments = createInstruments();
  const { counter, histogram, gauge } = instruments;

  const requests = counter('todo_api_http_requests_total', 'Requests, by route and status.', [
    'route',
    'method',
    'status',
  ]);
  const durations = histogram(
    'todo_api_http_request_duration_seconds',
    'Time from the headers of a request to the answer to it, by route.',
    ['route', 'method'],
    requestBounds,
  );
  const security = counter(
    'todo_api_security_events_total',
    'What was refused for the sake of security, by name and reason.',
    ['event', 'reason'],
  );
  const verifications = counter(
    'todo_api_token_verifications_total',
    'Looks at a token, by outcome; remembered is a good token that was verified a moment before.',
    ['outcome'],
    verificationOutcomes.map((outcome) => [outcome]),
  );
  const keyFetches = counter(
    'todo_api_jwks_fetches_total',
    'Fetches of the keys to verify tokens with, by outcome.',
    ['outcome'],
    [['fetched'], ['failed']],
  );
  const exchanges = histogram(
    'todo_api_database_exchange_duration_seconds',
    'Round trips to the database on data of users, without the wait for a connection.',
    ['outcome'],
    exchangeBounds,
  );
  const statements = counter('todo_api_database_statements_total', 'Statements in these round trips.');
  const retries = counter(
    'todo_api_database_retries_total',
    'Transactions tried again because the database undid them in favour of another.',
  );
  gauge('todo_api_database_connections', 'Connections to the database.', () => pool.totalCount);
  gauge('todo_api_database_connections_idle', 'Connections that nobody uses.', () => pool.idleCount);
  gauge('todo_api_database_connections_waiting', 'Requests that wait for a connection.', () => pool.waitingCount);
  measureProcess(instruments);

  return {
    descriptions: instruments.descriptions,
    write: () => instruments.write(),
    count(event) {
      const refusal = securityEventOf(event);
      if (refusal) security.add([refusal.name, refusal.reason]);
      switch (event.type) {
        case 'request': {
          const { method = '', route = 'none', status, seconds = 0 } = event;
          const name = methods.has(method) ? method : 'other';
          requests.add([route, name, String(status)]);
          durations.observe([route, name], seconds);
          break;
        }
        case 'token_verification':
          verifications.add([event.outcome]);
          break;
        case 'keys_fetched':
          keyFetches.add(['fetched']);
          break;
        case 'keys_fetch_failed':
          keyFetches.add(['failed']);
          break;
        case 'exchange':
          exchanges.observe([event.outcome], event.seconds);
          statements.add([], event.statements);
          break;
        case 'retry':
          retries.add([]);
          break;
      }
    },
  };
}
