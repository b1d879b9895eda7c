/** The embedded identity provider: a Better Auth server on the same database. */
import { type BetterAuthOptions, betterAuth } from 'better-auth';
import { drizzleAdapter } from 'better-auth/adapters/drizzle';
import { bearer, jwt } from 'better-auth/plugins';
import { relations } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import type pg from 'pg';
import { notReady } from '../../database/errors.ts';
import type { ConnectionPool } from '../../database/pg/pool.ts';
import { IssuerDatabase } from './issuer-database.ts';
import type { IssuerLog } from './issuer-log.ts';
import { passwordLength } from './password-length.ts';
import { createPasswordPolicy } from './password-policy.ts';
import { ensureSigningKey } from './signing-key.ts';
import * as tables from './tables.ts';

/** Where it is below the base path. */
const path = '/api/auth';

export interface IssuerOptions {
  /** The server's own URL: issuer and audience of its tokens. */
  readonly publicUrl: string;
  readonly secret: string;
  /** Origins whose pages may sign in, besides the server's own. */
  readonly trustedOrigins: readonly string[];
  /** For one statement of the database, in milliseconds. */
  readonly timeoutMs: number;
  readonly log: IssuerLog;
}

export interface Issuer {
  /** Where it is mounted. */
  readonly path: string;
  /**
   * Answers a request below `path`, all or nothing. The path of `publicUrl` precedes it in the URL.
   *
   * @throws ProblemError if the database fails, or before `prepare`
   */
  handle(request: Request): Promise<Response>;
  /** Its endpoints: the path below `path` in Better Auth's notation, to its methods. */
  readonly endpoints: ReadonlyMap<string, readonly string[]>;
  /** The paths of those endpoints that must have a body. */
  readonly needBody: ReadonlySet<string>;
  /** The JWK Set (RFC 7517) of its public keys. */
  loadKeys(): Promise<unknown>;
  /** Sees to it that there is a key to sign with, which the secret can decrypt. */
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
    needBody: new Set(
      mounted(auth.api)
        .filter(({ options: { body } }) => body && !body.safeParse(undefined).success)
        .map(({ path }) => path),
    ),
    async loadKeys() {
      // It would make a key where there is none.
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
  const basePath = new URL(publicUrl).pathname.replace(/^\/$/, '');
  return betterAuth({
    appName: 'todo-api',
    // With a path in its base URL, Better Auth appends no other.
    baseURL: `${publicUrl}${path}`,
    basePath: `${basePath}${path}`,
    secret,
    trustedOrigins: [...trustedOrigins],
    database: adapterOf(database),
    emailAndPassword: {
      enabled: true,
      minPasswordLength: passwordLength.least,
      maxPasswordLength: passwordLength.most,
      revokeSessionsOnPasswordReset: true,
    },
    hooks: createPasswordPolicy(database),
    session: { storeSessionInDatabase: true },
    logger: { log },
    // Otherwise what the database was asked, e-mail addresses in it, would be printed.
    onAPIError: { throw: true },
    telemetry: { enabled: false },
    // The defaults, set because Better Auth does not check the origin if NODE_ENV is `test`.
    advanced: {
      disableCSRFCheck: false,
      disableOriginCheck: false,
      // So that other servers below the same host neither get the session nor replace it.
      defaultCookieAttributes: { path: basePath || '/' },
      // One query instead of two. If one of the two failed, Better Auth would print it with its parameters.
      database: { joins: true },
    },
    // Its own would be on in production only, and count by a header that anybody can send.
    rateLimit: { enabled: false },
    plugins: [
      jwt({
        // Signing a token for each look at the session would cost more than the session.
        disableSettingJwtHeader: true,
        jwt: {
          issuer: publicUrl,
          audience: publicUrl,
          expirationTime: '15m',
          // The default payload is the whole user record; the subject is all that an API needs.
          definePayload: () => ({}),
        },
      }),
      // For clients that keep no cookies: curl, mobile applications, other servers.
      bearer({ requireSignature: true }),
    ],
  });
}

/** What Better Auth reads together: a session with its user, a user with the accounts. */
const joined = {
  sessionRelations: relations(tables.session, ({ one }) => ({
    user: one(tables.user, { fields: [tables.session.userId], references: [tables.user.id] }),
  })),
  accountRelations: relations(tables.account, ({ one }) => ({
    user: one(tables.user, { fields: [tables.account.userId], references: [tables.user.id] }),
  })),
  userRelations: relations(tables.user, ({ many }) => ({ accounts: many(tables.account) })),
};

/** Better Auth's adapter for Drizzle, whose own transactions would each take a connection from the pool. */
function adapterOf(database: IssuerDatabase) {
  // All that Drizzle asks of a pool outside of its transactions is `query`.
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
 * Better Auth refuses a request with cookies, or with any `Sec-Fetch-` header as Node's `fetch` sends one, unless it
 * says where it comes from. A browser says so with every POST, if only with `null`; what says nothing is no browser,
 * and nobody can have made it send another site's cookies.
 */
function withOrigin(request: Request, publicUrl: string): Request {
  const { headers } = request;
  if (headers.has('origin') || headers.has('referer') || headers.has('sec-fetch-site')) return request;
  const named = new Headers(headers);
  named.set('origin', publicUrl);
  return new Request(request, { headers: named });
}

interface Endpoint {
  readonly path: string;
  readonly options: {
    readonly method?: string | readonly string[];
    readonly body?: { safeParse(body: unknown): { readonly success: boolean } };
  };
}

/** The endpoints that have a path; the others can only be called from code. */
function mounted(api: object): Endpoint[] {
  return (Object.values(api) as Endpoint[]).filter(({ path }) => path);
}

function endpointsOf(api: object): Map<string, string[]> {
  const endpoints = new Map<string, string[]>();
  for (const { path, options } of mounted(api)) {
    const methods = [options.method ?? 'GET'].flat();
    endpoints.set(path, [...new Set([...(endpoints.get(path) ?? []), ...methods])]);
  }
  return endpoints;
}
