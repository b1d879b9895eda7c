/** The composition root: creates the services of the app from the configuration. */
import { eraseInTransaction, eraseTokensInTransaction } from './account/erasure.ts';
import { exportLimits } from './account/export/limits.ts';
import { type ApiTokens, createApiTokens } from './auth/api-tokens/api-tokens.ts';
import type { Issuer } from './auth/better-auth/issuer.ts';
import type { AccountErasure } from './auth/better-auth/issuer-options.ts';
import { readOrCreateSecret } from './auth/better-auth/secret-file.ts';
import { createConfiguredVerifiers } from './auth/create-verifier.ts';
import { createTokenDispatch } from './auth/dispatch.ts';
import type { TokenVerifier, VerificationOutcome } from './auth/jwt/verifier.ts';
import { createOpenStreams, type OpenStreams, streamLimits } from './changes/events/open-streams.ts';
import { createReadHeads } from './changes/heads.ts';
import { pollLimits } from './changes/wait-for-changes.ts';
import { createWakeUps, type WakeUps } from './changes/wake-ups.ts';
import type { Config, EmailConfig, EmbeddedAuth } from './config/config.ts';
import { type Database, openDatabase } from './database/database.ts';
import type { Driver } from './database/driver.ts';
import { openDriver } from './database/open-driver.ts';
import { removeExpiredHistory } from './history/retention.ts';
import { deleteExpiredKeys } from './idempotency/cleanup.ts';
import type { WriteContext } from './idempotency/execute-write.ts';
import type { MailQueue } from './mail/mail-queue.ts';
import { createEventSink } from './observability/event-sink.ts';
import type { EmitEvent } from './observability/events.ts';
import { instrumentQueries } from './observability/instrument-queries.ts';
import { createLog, type Log, standardOutput } from './observability/log.ts';
import { createMetrics, type Metrics } from './observability/metrics.ts';
import { loadTracing, type Tracing } from './observability/tracing.ts';
import { createClientIp } from './rate-limit/client-ip.ts';
import { createMemoryCounter, type MemoryCounter } from './rate-limit/fixed-window.ts';
import { createPostgresCounter, type PostgresCounter } from './rate-limit/postgres-store.ts';
import { createRateLimiter, type RateLimiter } from './rate-limit/rate-limiter.ts';
import { type Job, type Pause, runBackgroundJobs } from './runtime/background-jobs.ts';
import { settledWithin } from './runtime/timeout.ts';
import { derivedData } from './tasks/derived-data.ts';
import { deleteExpiredTokens } from './tokens/retention.ts';
import { deleteExpiredTrash } from './trash/retention.ts';

export interface Services {
  readonly config: Config;
  readonly log: Log;
  /** Reports an event to the log and the metrics. */
  readonly emit: EmitEvent;
  /** Null if metrics are off. */
  readonly metrics: Metrics | null;
  /** Null if no traces are exported. */
  readonly tracing: Tracing | null;
  readonly database: Database;
  /** Null unless `AUTH_MODE` is `embedded`. */
  readonly issuer: Issuer | null;
  /** Null if the server sends no e-mail. */
  readonly mail: MailQueue | null;
  readonly verifier: TokenVerifier;
  /** Verifies the tokens of requests to the MCP server. */
  readonly mcpVerifier: TokenVerifier;
  readonly apiTokens: ApiTokens;
  readonly limits: RateLimiter;
  /** Wakes the requests that wait for a user's changes. */
  readonly wakeUps: WakeUps;
  readonly openStreams: OpenStreams;
  /** The requests that wait for a change. */
  readonly waitingPolls: OpenStreams;
  /** The exports in progress. */
  readonly openExports: OpenStreams;
  /**
   * Prepares the services for requests: schema, verification of row-level security, first signing key.
   *
   * @returns the names of the applied migrations
   */
  prepare(): Promise<string[]>;
  /** Rejects until `prepare` has finished, and while the database does not respond. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** Replacements of services for tests. */
export interface Overrides {
  readonly log?: Log;
  readonly driver?: Driver;
  /** The wait between two rounds of background jobs. */
  readonly pause?: Pause;
}

/** What the writes of users need. */
export function writeContextOf({ config, database, wakeUps }: Services): WriteContext {
  return {
    database: database.asUser,
    quotas: config.quotas,
    hasTrash: config.retention.trashDays > 0,
    onWriteEnd: wakeUps.wake,
  };
}

/** @throws DirectoryInUseError if another process has the data directory open */
export async function createServices(config: Config, overrides: Overrides = {}): Promise<Services> {
  const log = overrides.log ?? createLog(config.log.level, await standardOutput());
  const driver = overrides.driver ?? (await openDriver(config.database, reportRestart(log)));
  const openStreams = createOpenStreams(streamLimits);
  const metrics = config.metrics ? createMetrics(driver.pool, openStreams) : null;
  const tracing = config.traces ? await loadTracing(log) : null;
  const emit = createEventSink(log, metrics);
  const observer = metrics || tracing ? instrumentQueries(emit, tracing) : undefined;
  const database = openDatabase(config.database, driver, observer, derivedData);
  const onErased = (userId: string, tokens: readonly string[]) => {
    for (const id of tokens) apiTokens.revoke(id);
    wakeUps.wake(userId);
  };
  const auth = config.auth.mode === 'embedded' ? config.auth : null;
  const mail = auth?.email ? await mailQueue(auth.email, log) : null;
  const issuer = auth && (await embeddedIssuer(config, auth, database, mail, log, onErased));
  const onOutcome = (outcome: VerificationOutcome) => emit({ type: 'token_verification', outcome });
  const apiTokens = createApiTokens({
    database,
    onOutcome,
    onError: (error) => log.warn({ err: error }, 'the use of an API token could not be recorded'),
  });
  const verifiers = createConfiguredVerifiers(config, issuer, emit, onOutcome);
  const requests = requestCounter(config, database);
  const wakeUps = createWakeUps({
    // The embedded database belongs to this process, which wakes its own waiters.
    readHeads: config.database.kind === 'postgres' ? createReadHeads(database.asWatcher) : null,
    onError: (error) => log.warn({ err: error }, 'the changes of other processes could not be polled'),
  });
  const closing = new AbortController();
  let backgroundJobs = Promise.resolve();
  let isPrepared = false;
  return {
    config,
    log,
    emit,
    metrics,
    tracing,
    database,
    issuer,
    mail,
    verifier: createTokenDispatch(verifiers.api, apiTokens),
    mcpVerifier: createTokenDispatch(verifiers.mcp, apiTokens),
    apiTokens,
    limits: createRateLimiter({
      requests,
      failures: config.limits.authFailures > 0 ? createMemoryCounter(config.limits.authFailures) : null,
      clientIp: createClientIp(config.limits.trustedProxies),
    }),
    wakeUps,
    openStreams,
    waitingPolls: createOpenStreams(pollLimits),
    openExports: createOpenStreams(exportLimits),
    async prepare() {
      const applied = await database.prepare();
      await apiTokens.prepare();
      await issuer?.prepare();
      isPrepared = true;
      const jobs: Job[] = [...retentionJobs(config, database)];
      if (requests && 'deleteExpired' in requests) jobs.push(() => requests.deleteExpired());
      if (issuer) jobs.push(() => issuer.cleanUp());
      if (driver.maintenance) jobs.push(driver.maintenance);
      backgroundJobs = runBackgroundJobs(jobs, {
        stopped: closing.signal,
        onError: (error) => log.warn({ err: error }, 'background job failed'),
        useCount: () => driver.pool.useCount,
        ...(overrides.pause && { pause: overrides.pause }),
      });
      return applied;
    },
    async ping() {
      if (!isPrepared) throw new Error('the server is not prepared yet');
      await database.ping();
    },
    async close() {
      closing.abort();
      wakeUps.close();
      // A job that still runs ends when its connections close.
      await settledWithin(backgroundJobs, 1_000);
      await database.close();
    },
  };
}

/** The jobs that remove what has expired. */
function retentionJobs({ quotas, retention: { trashDays, historyDays } }: Config, database: Database): Job[] {
  const runAsJanitor = database.asJanitor;
  return [
    (stopped) => deleteExpiredKeys(runAsJanitor, stopped),
    (stopped) => deleteExpiredTokens(runAsJanitor, stopped),
    (stopped) => removeExpiredHistory(runAsJanitor, historyDays, stopped),
    (stopped) => deleteExpiredTrash({ database: database.asUser, runAsJanitor, quotas, trashDays }, stopped),
  ];
}

function reportRestart(log: Log): (reason: Error) => void {
  return ({ message }) =>
    log.warn({ event: 'database_restart', reason: message }, 'the embedded database is opened again');
}

function requestCounter({ limits }: Config, database: Database): MemoryCounter | PostgresCounter | null {
  if (limits.requests === 0) return null;
  return limits.store === 'memory'
    ? createMemoryCounter(limits.requests)
    : createPostgresCounter(limits.requests, database);
}

async function mailQueue(email: EmailConfig, log: Log): Promise<MailQueue> {
  // The SMTP client is loaded only if the server sends e-mail.
  const { createDelivery } = await import('./mail/smtp.ts');
  const { createMailQueue } = await import('./mail/mail-queue.ts');
  return createMailQueue({
    deliver: createDelivery(email),
    onFailure: (reason) => log.error({ event: 'email_failed', reason }, 'an e-mail could not be sent'),
  });
}

async function embeddedIssuer(
  { server, database, quotas }: Config,
  { secret, appUrl, providers, hasTwoFactor }: EmbeddedAuth,
  { pool }: Database,
  mail: MailQueue | null,
  log: Log,
  onErased: AccountErasure['onErased'],
): Promise<Issuer> {
  // Loading Better Auth costs memory and time, so it is loaded only if this server issues the tokens.
  const { createIssuer } = await import('./auth/better-auth/issuer.ts');
  return createIssuer(pool, {
    publicUrl: server.publicUrl,
    secret: secret ?? readOrCreateSecret(database),
    trustedOrigins: server.corsOrigins,
    timeoutMs: database.timeoutMs,
    erasure: {
      erase: (client, userId) => eraseInTransaction(client, userId, quotas),
      eraseTokens: eraseTokensInTransaction,
      onErased,
    },
    accounts: { appUrl, providers, hasTwoFactor, sendMail: mail?.send ?? null },
    // The details are left out: they can be whole requests, and errors with the parameters of a statement.
    log: (level, message) =>
      log[level === 'success' ? 'info' : level](typeof message === 'string' ? { message } : { err: message }, 'issuer'),
  });
}
