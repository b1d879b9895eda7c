/** The embedded issuer: a Better Auth server on the same database. */

import { type BetterAuthOptions, betterAuth } from 'better-auth';
import { drizzleAdapter } from 'better-auth/adapters/drizzle';
import { bearer, jwt } from 'better-auth/plugins';
import { relations } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import type pg from 'pg';
import { basePathOf } from '../../config/addresses.ts';
import { notReady } from '../../database/errors.ts';
import type { ConnectionPool } from '../../database/pg/pool.ts';
import { IssuerDatabase } from './issuer-database.ts';
import { passwordLength } from './password-length.ts';
import { createPasswordPolicy } from './password-policy.ts';
import { ensureSigningKey } from './signing-key.ts';
import * as tables from './tables.ts';

/** The path of the issuer below the base path of the server. */
const path = '/api/auth';

/** Better Auth's log function. The details can contain secrets and must not be logged. */
export type IssuerLog = (
  level: 'info' | 'success' | 'warn' | 'error' | 'debug',
  message: string,
  ...details: unknown[]
) => void;

export interface IssuerOptions {
  /** The URL of the server: issuer and audience of its tokens. */
  readonly publicUrl: string;
  readonly secret: string;
  /** Origins whose pages may sign in, in addition to the server's own origin. */
  readonly trustedOrigins: readonly string[];
  /** Statement timeout in milliseconds. */
  readonly timeoutMs: number;
  readonly log: IssuerLog;
}

export interface Issuer {
  /** The path that it is mounted at. */
  readonly path: string;
  /**
   * Handles a request below `path` in one transaction. In the URL, the path of `publicUrl` precedes `path`.
   *
   * @throws ProblemError if the database fails, or before `prepare`
   */
  handle(request: Request): Promise<Response>;
  /** The methods of each endpoint, by its path below `path` in Better Auth's notation. */
  readonly endpoints: ReadonlyMap<string, readonly string[]>;
  /** The paths of the endpoints that require a body. */
  readonly bodyRequired: ReadonlySet<string>;
  /** The JWK Set (RFC 7517) of its public keys. */
  loadKeys(): Promise<unknown>;
  /** Creates a signing key unless there is one that the secret can decrypt. */
  prepare(): Promise<void>;
}

export function createIssuer(pool: ConnectionPool, options: IssuerOptions): Issuer {
  const { publicUrl, secret, timeoutMs } = options;
  const database = new IssuerDatabase(pool, timeoutMs);
  const auth = createBetterAuth(database, options);
  let isReady = false;

  return {
    path,
    async handle(request) {
      if (!isReady) throw notReady();
      return database.inTransaction(() => auth.handler(withOrigin(request, publicUrl)));
    },
    endpoints: endpointsOf(auth.api),
    bodyRequired: new Set(
      mountedEndpoints(auth.api)
        .filter(({ options: { body } }) => body && !body.safeParse(undefined).success)
        .map(({ path }) => path),
    ),
    async loadKeys() {
      // Without a key, Better Auth would create one here.
      if (!isReady) throw new Error('the issuer is not ready');
      return auth.api.getJwks();
    },
    async prepare() {
      await ensureSigningKey(pool, secret);
      isReady = true;
    },
  };
}

/**
 * The Better Auth server itself.
 *
 * @public `npm run check` compares the tables that it expects with `tables.ts`
 */
export function createBetterAuth(
  database: IssuerDatabase,
  { publicUrl, secret, trustedOrigins, log }: Omit<IssuerOptions, 'timeoutMs'>,
) {
  const basePath = basePathOf(publicUrl);
  return betterAuth({
    appName: 'todo-api',
    // Better Auth appends no path to a base URL that has one.
    baseURL: `${publicUrl}${path}`,
    basePath: `${basePath}${path}`,
    secret,
    trustedOrigins: [...trustedOrigins],
    database: adapterOf(database),
    emailAndPassword: {
      enabled: true,
      minPasswordLength: passwordLength.min,
      maxPasswordLength: passwordLength.max,
      revokeSessionsOnPasswordReset: true,
    },
    hooks: createPasswordPolicy(database),
    session: { storeSessionInDatabase: true },
    logger: { log },
    // Otherwise Better Auth prints failed statements with their parameters, such as e-mail addresses.
    onAPIError: { throw: true },
    telemetry: { enabled: false },
    // Set the defaults explicitly, because Better Auth does not check origins with NODE_ENV=test.
    advanced: {
      disableCSRFCheck: false,
      disableOriginCheck: false,
      // The path keeps other servers on the same host from receiving or replacing the session cookie.
      defaultCookieAttributes: { path: basePath || '/' },
      // One query instead of two. If one of two parallel queries fails, Better Auth prints it with its parameters.
      database: { joins: true },
    },
    // Better Auth's limiter is active in production only and trusts a header that every client can set.
    rateLimit: { enabled: false },
    plugins: [
      jwt({
        // Otherwise each request for the session also signs a token, which costs more than the session.
        disableSettingJwtHeader: true,
        jwt: {
          issuer: publicUrl,
          audience: publicUrl,
          expirationTime: '15m',
          // The default payload is the whole user record. The API needs only the subject.
          definePayload: () => ({}),
        },
      }),
      // For clients without cookies: curl, mobile applications, other servers.
      bearer({ requireSignature: true }),
    ],
  });
}

/** The relations that Better Auth joins: a session with its user, a user with the accounts. */
const joined = {
  sessionRelations: relations(tables.session, ({ one }) => ({
    user: one(tables.user, { fields: [tables.session.userId], references: [tables.user.id] }),
  })),
  accountRelations: relations(tables.account, ({ one }) => ({
    user: one(tables.user, { fields: [tables.account.userId], references: [tables.user.id] }),
  })),
  userRelations: relations(tables.user, ({ many }) => ({ accounts: many(tables.account) })),
};

/** Better Auth's Drizzle adapter. Its own transactions would each use another connection, so they are replaced. */
function adapterOf(database: IssuerDatabase) {
  // Outside of transactions, Drizzle calls only `query` of a pool.
  const pool = database as unknown as pg.Pool;
  const connect = drizzleAdapter(drizzle(pool, { schema: { ...tables, ...joined } }), {
    provider: 'pg',
    schema: tables,
  });
  return (options: BetterAuthOptions) => {
    const adapter = connect(options);
    adapter.transaction = (work) => database.transact(() => work(adapter));
    return adapter;
  };
}

/**
 * Adds an `Origin` header to requests that are not from a browser. Better Auth rejects a request without an origin if it
 * has cookies or a `Sec-Fetch-` header, which Node's `fetch` sends. Browsers send an origin with every POST, at least
 * `null`. So a request without these headers is not from a browser and cannot be a cross-site request.
 */
function withOrigin(request: Request, publicUrl: string): Request {
  const { headers } = request;
  if (headers.has('origin') || headers.has('referer') || headers.has('sec-fetch-site')) return request;
  const headersWithOrigin = new Headers(headers);
  headersWithOrigin.set('origin', publicUrl);
  return new Request(request, { headers: headersWithOrigin });
}

interface Endpoint {
  readonly path: string;
  readonly options: {
    readonly method?: string | readonly string[];
    readonly body?: { safeParse(body: unknown): { readonly success: boolean } };
  };
}

/** The endpoints that have a path. The others can only be called from code. */
function mountedEndpoints(api: object): Endpoint[] {
  return (Object.values(api) as Endpoint[]).filter(({ path }) => path);
}

function endpointsOf(api: object): Map<string, string[]> {
  const endpoints = new Map<string, string[]>();
  for (const { path, options } of mountedEndpoints(api)) {
    const methods = [options.method ?? 'GET'].flat();
    endpoints.set(path, [...new Set([...(endpoints.get(path) ?? []), ...methods])]);
  }
  return endpoints;
}
