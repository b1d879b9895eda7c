/** The composition root: from the configuration to the parts that the app is made of. */
import { createIssuer, type Issuer } from './auth/issuer.ts';
import { keptSecret } from './auth/kept-secret.ts';
import type { KeyEvent } from './auth/verifier/key-source.ts';
import type { TokenVerifier } from './auth/verifier/verifier.ts';
import { createVerifierFor } from './auth/verifier-for.ts';
import type { Config } from './config/config.ts';
import { type Connections, openConnections } from './database/connections.ts';
import { type Database, openDatabase } from './database/database.ts';
import { createLog, type Log } from './observability/log.ts';
import { keepSweeping } from './writes/sweep.ts';

export interface Services {
  readonly config: Config;
  readonly log: Log;
  readonly database: Database;
  /** There in the mode `embedded` only. */
  readonly issuer: Issuer | null;
  readonly verifier: TokenVerifier;
  /**
   * Makes everything ready to serve: schema, proof of isolation, first signing key.
   *
   * @returns the names of the migrations applied
   */
  prepare(): Promise<string[]>;
  close(): Promise<void>;
}

/** What tests put in place of the real parts. */
export interface Overrides {
  readonly log?: Log;
  readonly connections?: Connections;
}

/** @throws DirectoryInUseError where another process has the data directory open */
export async function createServices(config: Config, overrides: Overrides = {}): Promise<Services> {
  const log = overrides.log ?? createLog(config.log.level);
  const connections = overrides.connections ?? (await openConnections(config.database));
  const database = openDatabase(config.database, connections);
  const issuer = config.auth.mode === 'embedded' ? embeddedIssuer(config, config.auth.secret, database, log) : null;
  const verifier = createVerifierFor(config, issuer, (event) => logKeyEvent(log, event));
  const closing = new AbortController();
  let sweeping = Promise.resolve();
  return {
    config,
    log,
    database,
    issuer,
    verifier,
    async prepare() {
      const applied = await database.prepare();
      await issuer?.prepare();
      sweeping = keepSweeping(
        (statement) => database.asJanitor(statement),
        closing.signal,
        (error) => log.warn({ err: error }, 'expired idempotency keys could not be removed'),
      );
      return applied;
    },
    async close() {
      closing.abort();
      await sweeping;
      await database.close();
    },
  };
}

function logKeyEvent(log: Log, event: KeyEvent): void {
  if (event.type === 'keys_fetched') log.info(event, 'keys fetched');
  else log.warn({ type: event.type, retry_in_ms: event.retryInMs, err: event.error }, 'keys could not be fetched');
}

function embeddedIssuer({ server, database }: Config, secret: string | null, { pool }: Database, log: Log): Issuer {
  return createIssuer(pool, {
    publicUrl: server.publicUrl,
    secret: secret ?? keptSecret(database),
    trustedOrigins: server.corsOrigins,
    // The details may be whole requests and errors with what was asked of the database.
    log: (level, message) => log[level === 'success' ? 'info' : level]({ message }, 'issuer'),
  });
}
