/** The embedded issuer: a Better Auth server on the same database. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { betterAuth } from 'better-auth';
import { bearer, jwt } from 'better-auth/plugins';
import { basePathOf } from '../../config/addresses.ts';
import { notReady } from '../../database/errors.ts';
import type { ConnectionPool } from '../../database/pg/pool.ts';
import { adapterOf } from './adapter.ts';
import { IssuerDatabase } from './issuer-database.ts';
import type { IssuerClient } from './limits.ts';
import { issuerPath } from './operations.ts';
import { passwordLength } from './password-length.ts';
import { createPasswordPolicy } from './password-policy.ts';
import { createPasswordHashing } from './password-queue.ts';
import { sessionTokenOf } from './session-token.ts';
import { createSessionCleanup, endOldestSessions } from './sessions.ts';
import { ensureSigningKey } from './signing-key.ts';

/** The header with the address of the client. Better Auth stores it with a session. */
const addressHeader = 'todo-api-client-address';

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
  /** Erases what the server stores about a user whose account is deleted. */
  readonly erasure: AccountErasure;
}

export interface AccountErasure {
  /**
   * Erases the data in the transaction that deletes the account.
   *
   * @returns the ids of the erased API tokens
   */
  erase(query: (text: string, values?: unknown[]) => Promise<{ rows: object[] }>, userId: string): Promise<string[]>;
  /** Called after the commit. */
  onErased(userId: string, tokens: readonly string[]): void;
}

export interface Issuer {
  /**
   * Handles a request to one of the documented endpoints in one transaction. In the URL, the path of `publicUrl` precedes
   * the path of the issuer.
   *
   * @throws ProblemError if the database fails, or before `prepare`
   */
  handle(request: Request, client: IssuerClient): Promise<Response>;
  /** The session token in the headers of a request, as `sessionTokenOf`. */
  sessionTokenOf(headers: Headers): string | null;
  /** The JWK Set (RFC 7517) of its public keys. */
  loadKeys(): Promise<unknown>;
  /** Creates a signing key unless there is one that the secret can decrypt. */
  prepare(): Promise<void>;
  /** Removes expired sessions, as a background job. */
  cleanUp(): Promise<void>;
}

export function createIssuer(pool: ConnectionPool, options: IssuerOptions): Issuer {
  const { erasure, publicUrl, secret, timeoutMs } = options;
  const database = new IssuerDatabase(pool, timeoutMs);
  const clients: Clients = new AsyncLocalStorage();
  /** The deleted account and its API tokens, by the client whose request deletes it. */
  const deleted = new WeakMap<IssuerClient, { readonly userId: string; readonly tokens: readonly string[] }>();
  const auth = createBetterAuth(database, options, clients, async (userId) => {
    const tokens = await erasure.erase((text, values) => database.query(text, values), userId);
    const client = clients.getStore();
    if (client) deleted.set(client, { userId, tokens });
  });
  let isReady = false;

  return {
    async handle(request, client) {
      if (!isReady) throw notReady();
      const prepared = withClientHeaders(request, publicUrl, client.address);
      const response = await clients.run(client, () => database.inTransaction(() => auth.handler(prepared)));
      const account = deleted.get(client);
      if (account && response.ok) erasure.onErased(account.userId, account.tokens);
      return response;
    },
    sessionTokenOf: (headers) => sessionTokenOf(headers, secret),
    async loadKeys() {
      // Without a key, Better Auth would create one here.
      if (!isReady) throw new Error('the issuer is not ready');
      return auth.api.getJwks();
    },
    async prepare() {
      await ensureSigningKey(pool, secret);
      isReady = true;
    },
    cleanUp: createSessionCleanup(database),
  };
}

/** The client of the request that is being handled. */
type Clients = AsyncLocalStorage<IssuerClient>;

/**
 * The Better Auth server itself.
 *
 * @public `npm run check` compares the tables that it expects with `tables.ts`
 */
export function createBetterAuth(
  database: IssuerDatabase,
  { publicUrl, secret, trustedOrigins, log }: Omit<IssuerOptions, 'timeoutMs' | 'erasure'>,
  clients: Clients = new AsyncLocalStorage(),
  beforeDelete: (userId: string) => Promise<void> = async () => {},
) {
  const basePath = basePathOf(publicUrl);
  return betterAuth({
    appName: 'todo-api',
    // Better Auth appends no path to a base URL that has one.
    baseURL: `${publicUrl}${issuerPath}`,
    basePath: `${basePath}${issuerPath}`,
    secret,
    trustedOrigins: [...trustedOrigins],
    database: adapterOf(database),
    emailAndPassword: {
      enabled: true,
      minPasswordLength: passwordLength.min,
      maxPasswordLength: passwordLength.max,
      password: createPasswordHashing(() => clients.getStore()?.address ?? ''),
    },
    hooks: createPasswordPolicy(database, () => clients.getStore()?.sessionToken ?? null),
    databaseHooks: { session: { create: { after: ({ userId }) => endOldestSessions(database, userId) } } },
    // Before the account, so that a failure keeps the account, with which the user can try again.
    user: { deleteUser: { enabled: true, beforeDelete: ({ id }) => beforeDelete(id) } },
    session: { storeSessionInDatabase: true },
    logger: { log },
    // Otherwise Better Auth prints failed statements with their parameters, such as e-mail addresses.
    onAPIError: { throw: true },
    telemetry: { enabled: false },
    // Set the defaults explicitly, because Better Auth does not check origins with NODE_ENV=test.
    advanced: {
      disableCSRFCheck: false,
      disableOriginCheck: false,
      // By default, Better Auth trusts a header that every client can set.
      ipAddress: { ipAddressHeaders: [addressHeader] },
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

/**
 * Sets the address of the client, and an `Origin` header for requests that are not from a browser. Better Auth rejects a
 * request without an origin if it has cookies or a `Sec-Fetch-` header, which Node's `fetch` sends. Browsers send an
 * origin with every POST, at least `null`. So a request without these headers is not from a browser and cannot be a
 * cross-site request.
 */
function withClientHeaders(request: Request, publicUrl: string, address: string): Request {
  const headers = new Headers(request.headers);
  // An IPv6 client is a /64 network, of which Better Auth expects the address.
  headers.set(addressHeader, address.replace(/\/64$/, ''));
  const hasOrigin = headers.has('origin') || headers.has('referer') || headers.has('sec-fetch-site');
  if (!hasOrigin) headers.set('origin', publicUrl);
  return new Request(request, { headers });
}
