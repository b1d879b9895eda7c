/** The embedded identity provider: a Better Auth server on the same database. */
import { betterAuth } from 'better-auth';
import { drizzleAdapter } from 'better-auth/adapters/drizzle';
import { bearer, jwt } from 'better-auth/plugins';
import { drizzle } from 'drizzle-orm/node-postgres';
import type pg from 'pg';
import { databaseProblem, notReady } from '../database/errors.ts';
import type { IssuerLog } from './issuer-log.ts';
import { createIssuerRules } from './issuer-rules.ts';
import { passwordLength } from './password-length.ts';
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
  readonly log: IssuerLog;
}

export interface Issuer {
  /** Where it is mounted. */
  readonly path: string;
  /** Answers a request below `path`, in whose URL the path of `publicUrl` comes first. Rejects with a `ProblemError` where the database fails, or before `prepare`. */
  handle(request: Request): Promise<Response>;
  /** Its endpoints: the path below `path` in Better Auth's notation, to its methods. */
  readonly endpoints: ReadonlyMap<string, readonly string[]>;
  /** The JWK Set (RFC 7517) of its public keys. */
  loadKeys(): Promise<unknown>;
  /** Sees to it that there is a key to sign with, which the secret can decrypt. */
  prepare(): Promise<void>;
}

export function createIssuer(pool: pg.Pool, options: IssuerOptions): Issuer {
  const { publicUrl, secret } = options;
  const auth = createBetterAuth(pool, options);
  let isReady = false;

  return {
    path,
    async handle(request) {
      if (!isReady) throw notReady();
      try {
        return await auth.handler(withOrigin(request, publicUrl));
      } catch (error) {
        // Drizzle wraps the database's error in one that quotes the query.
        throw databaseProblem((error as Error).cause ?? error);
      }
    },
    endpoints: endpointsOf(auth.api),
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
export function createBetterAuth(pool: pg.Pool, { publicUrl, secret, trustedOrigins, log }: IssuerOptions) {
  const basePath = new URL(publicUrl).pathname.replace(/^\/$/, '');
  return betterAuth({
    appName: 'todo-api',
    // With a path in its base URL, Better Auth appends no other.
    baseURL: `${publicUrl}${path}`,
    basePath: `${basePath}${path}`,
    secret,
    trustedOrigins: [...trustedOrigins],
    database: drizzleAdapter(drizzle(pool), { provider: 'pg', schema: tables }),
    emailAndPassword: {
      enabled: true,
      minPasswordLength: passwordLength.least,
      maxPasswordLength: passwordLength.most,
      revokeSessionsOnPasswordReset: true,
    },
    hooks: createIssuerRules(),
    session: { storeSessionInDatabase: true },
    logger: { log },
    // Otherwise what the database was asked, e-mail addresses in it, would be printed.
    onAPIError: { throw: true },
    telemetry: { enabled: false },
    // The defaults, but in whatever environment: under NODE_ENV=test Better Auth would look at no origin.
    advanced: {
      disableCSRFCheck: false,
      disableOriginCheck: false,
      // So that other servers below the same host neither get the session nor replace it.
      defaultCookieAttributes: { path: basePath || '/' },
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

function endpointsOf(api: object): Map<string, string[]> {
  const endpoints = new Map<string, string[]>();
  for (const endpoint of Object.values(api) as { path?: string; options?: { method?: string | string[] } }[]) {
    if (!endpoint.path) continue;
    const methods = [endpoint.options?.method ?? 'GET'].flat();
    endpoints.set(endpoint.path, [...new Set([...(endpoints.get(endpoint.path) ?? []), ...methods])]);
  }
  return endpoints;
}
