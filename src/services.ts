/** The composition root: from the configuration to the parts that the app is made of. */
import type { Issuer } from './auth/better-auth/issuer.ts';
import { readOrCreateSecret } from './auth/better-auth/secret-file.ts';
import { createConfiguredVerifier } from './auth/create-verifier.ts';
import type { TokenVerifier } from './auth/jwt/verifier.ts';
import type { Config } from './config/config.ts';
import { type Database, openDatabase } from './database/database.ts';
import type { Driver } from './database/driver.ts';
import { openDriver } from './database/open-driver.ts';
import { deleteExpiredKeys } from './idempotency/cleanup.ts';
import { createEventSink } from './observability/event-sink.ts';
import type { EmitEvent } from './observability/events.ts';
import { instrumentQueries } from './observability/instrument-queries.ts';
import { createLog, type Log } from './observability/log.ts';
import { createMetrics, type Metrics } from './observability/metrics.ts';
import { loadTracing, type Tracing } from './observability/tracing.ts';
import { createClientIp } from './rate-limit/client-ip.ts';
import { createMemoryCounter, type MemoryCounter } from './rate-limit/fixed-window.ts';
import { createPostgresCounter, type PostgresCounter } from './rate-limit/postgres-store.ts';
import { createRateLimiter, type RateLimiter } from './rate-limit/rate-limiter.ts';
import { type Job, runBackgroundJobs } from './runtime/background-jobs.ts';
import { settledWithin } from './runtime/timeout.ts';
import { tagKeys, taskWords } from './tasks/derived-data.ts';

export interface Services {
  readonly config: Config;
  readonly log: Log;
  /** Tells the log and the metrics of what happens. */
  readonly record: EmitEvent;
  /** Null where they are off. */
  readonly metrics: Metrics | null;
  /** Null where nothing takes traces. */
  readonly tracing: Tracing | null;
  readonly database: Database;
  /** There in the mode `embedded` only. */
  readonly issuer: Issuer | null;
  readonly verifier: TokenVerifier;
  readonly limits: RateLimiter;
  /**
   * Makes everything ready to serve: schema, proof of isolation, first signing key.
   *
   * @returns the names of the migrations applied
   */
  prepare(): Promise<string[]>;
  /** Rejects until all of it is prepared, and while the database does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** What tests put in place of the real parts. */
export interface Overrides {
  readonly log?: Log;
  readonly driver?: Driver;
}

/** @throws DirectoryInUseError where another process has the data directory open */
export async function createServices(config: Config, overrides: Overrides = {}): Promise<Services> {
  const log = overrides.log ?? createLog(config.log.level);
  const driver = overrides.driver ?? (await openDriver(config.database));
  const metrics = config.metrics ? createMetrics(driver.pool) : null;
  const tracing = config.traces ? await loadTracing(log) : null;
  const record = createEventSink(log, metrics);
  const observer = metrics || tracing ? instrumentQueries(record, tracing) : undefined;
  const database = openDatabase(config.database, driver, observer, [taskWords, tagKeys]);
  const issuer =
    config.auth.mode === 'embedded' ? await embeddedIssuer(config, config.auth.secret, database, log) : null;
  const verifier = createConfiguredVerifier(config, issuer, record, (outcome) =>
    record({ type: 'token_verification', outcome }),
  );
  const requests = requestCounter(config, database);
  const closing = new AbortController();
  let housekeeping = Promise.resolve();
  let prepared = false;
  return {
    config,
    log,
    record,
    metrics,
    tracing,
    database,
    issuer,
    verifier,
    limits: createRateLimiter({
      requests,
      failures: config.limits.authFailures > 0 ? createMemoryCounter(config.limits.authFailures) : null,
      clientAddress: createClientIp(config.limits.trustedProxies),
    }),
    async prepare() {
      const applied = await database.prepare();
      await issuer?.prepare();
      prepared = true;
      const jobs: Job[] = [(stopped) => deleteExpiredKeys((statement) => database.asJanitor(statement), stopped)];
      if (requests && 'deleteExpired' in requests) jobs.push(() => requests.deleteExpired());
      if (driver.maintenance) jobs.push(driver.maintenance);
      housekeeping = runBackgroundJobs(jobs, closing.signal, (error) =>
        log.warn({ err: error }, 'housekeeping failed'),
      );
      return applied;
    },
    async ping() {
      if (!prepared) throw new Error('the server is not prepared yet');
      await database.ping();
    },
    async close() {
      closing.abort();
      // What hangs there comes to an end when the connections do.
      await settledWithin(housekeeping, 1_000);
      await database.close();
    },
  };
}

function requestCounter({ limits }: Config, database: Database): MemoryCounter | PostgresCounter | null {
  if (limits.requests === 0) return null;
  return limits.store === 'memory'
    ? createMemoryCounter(limits.requests)
    : createPostgresCounter(limits.requests, database);
}

async function embeddedIssuer(
  { server, database }: Config,
  secret: string | null,
  { pool }: Database,
  log: Log,
): Promise<Issuer> {
  // Better Auth takes memory and time, and is not needed where another server issues the tokens.
  const { createIssuer } = await import('./auth/better-auth/issuer.ts');
  return createIssuer(pool, {
    publicUrl: server.publicUrl,
    secret: secret ?? readOrCreateSecret(database),
    trustedOrigins: server.corsOrigins,
    timeoutMs: database.timeoutMs,
    // The details may be whole requests and errors with what was asked of the database.
    log: (level, message) =>
      log[level === 'success' ? 'info' : level](typeof message === 'string' ? { message } : { err: message }, 'issuer'),
  });
}
