/** The metrics of the server and their names. */
import type { VerificationOutcome } from '../auth/jwt/verifier.ts';
import type { ServerEvent } from './events.ts';
import { closeReasons, securityEventOf } from './events.ts';
import { measureProcess } from './process-metrics.ts';
import { createInstruments, type Description } from './prometheus.ts';

export interface Metrics {
  readonly descriptions: readonly Description[];
  count(event: ServerEvent): void;
  /** All metrics in the text format of Prometheus. */
  write(): string;
}

/** The usage counters of a connection pool. */
export interface PoolUse {
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
}

/** Bucket bounds in seconds: from a request without a database round trip to the timeout of a statement. */
const requestBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 10];
const roundTripBounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** Node's parser accepts more than thirty methods. All others are counted as `other`. */
const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

const verificationOutcomes: readonly VerificationOutcome[] = ['verified', 'cache_hit', 'rejected', 'unavailable'];

/** @param streams the open event streams */
export function createMetrics(pool: PoolUse, streams: { readonly count: number }): Metrics {
  const instruments = createInstruments();
  const { counter, histogram, gauge } = instruments;

  const requests = counter('todo_api_http_requests_total', 'Requests, by route and status.', [
    'route',
    'method',
    'status',
  ]);
  const durations = histogram(
    'todo_api_http_request_duration_seconds',
    'Time from the headers of a request to its response, by route.',
    ['route', 'method'],
    requestBounds,
  );
  const securityEvents = counter('todo_api_security_events_total', 'Security events, by name and reason.', [
    'event',
    'reason',
  ]);
  const verifications = counter(
    'todo_api_token_verifications_total',
    'Token verifications, by outcome; `cache_hit` is a valid token whose verification was cached.',
    ['outcome'],
    verificationOutcomes.map((outcome) => [outcome]),
  );
  const keyFetches = counter(
    'todo_api_jwks_fetches_total',
    'Fetches of the keys of the issuer, by outcome.',
    ['outcome'],
    [['fetched'], ['failed']],
  );
  const roundTrips = histogram(
    'todo_api_database_round_trip_duration_seconds',
    'Database round trips on user data, without the wait for a connection.',
    ['outcome'],
    roundTripBounds,
  );
  const statements = counter('todo_api_database_statements_total', 'Statements in these round trips.');
  const retries = counter(
    'todo_api_database_retries_total',
    'Transactions that were retried after a serialization failure or a deadlock.',
  );
  const closedConnections = counter(
    'todo_api_http_connections_closed_total',
    `Connections that a limit closed, by reason: ${Object.entries(closeReasons)
      .map(([reason, meaning]) => `\`${reason}\`, ${meaning}`)
      .join('; ')}.`,
    ['reason'],
    Object.keys(closeReasons).map((reason) => [reason]),
  );
  gauge('todo_api_database_connections', 'Connections to the database.', () => pool.totalCount);
  gauge('todo_api_database_connections_idle', 'Idle connections.', () => pool.idleCount);
  gauge('todo_api_database_connections_waiting', 'Requests that wait for a connection.', () => pool.waitingCount);
  gauge('todo_api_event_streams', 'Open event streams.', () => streams.count);
  measureProcess(instruments);

  return {
    descriptions: instruments.descriptions,
    write: () => instruments.write(),
    count(event) {
      const securityEvent = securityEventOf(event);
      if (securityEvent) securityEvents.add([securityEvent.name, securityEvent.reason]);
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
        case 'round_trip':
          roundTrips.observe([event.outcome], event.seconds);
          statements.add([], event.statements);
          break;
        case 'connection_closed':
          closedConnections.add([event.reason]);
          break;
        case 'retry':
          retries.add([]);
          break;
      }
    },
  };
}
