/** The embedded issuer: a Better Auth server on the same database. */
import { notReady } from '../../database/errors.ts';
import type { ConnectionPool } from '../../database/pg/pool.ts';
import type { Principal } from '../../principal.ts';
import { ProblemError } from '../../problems/problem.ts';
import { settledWithin } from '../../runtime/timeout.ts';
import { addressHeader, createBetterAuth } from './better-auth.ts';
import { IssuerDatabase } from './issuer-database.ts';
import type { IssuerOptions } from './issuer-options.ts';
import type { IssuerClient } from './limits.ts';
import { issuerPath } from './operation.ts';
import { createOutbox } from './outbox.ts';
import { createRequestStates, newRequestState } from './request-state.ts';
import { keepOneSession, type SessionKey, sessionKey, sessionTokenOf } from './session-token.ts';
import { createSessionCleanup } from './sessions.ts';
import { ensureSigningKey } from './signing-key.ts';
import { providerTimeoutMs } from './social.ts';

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
  /** Whether the user has an account. It throws the errors of the database. */
  hasAccount(userId: string): Promise<boolean>;
  /**
   * Whether the session of a token has not ended. It waits for a request that is ending the session. It throws the errors of
   * the database.
   */
  hasSession(owner: Pick<Principal, 'userId' | 'sessionId'>): Promise<boolean>;
  /** Creates a signing key unless there is one that the secret can decrypt. */
  prepare(): Promise<void>;
  /** Removes expired sessions, as a background job. */
  cleanUp(): Promise<void>;
}

export function createIssuer(pool: ConnectionPool, options: IssuerOptions): Issuer {
  const { accounts, erasure, log, publicUrl, secret, timeoutMs } = options;
  const database = new IssuerDatabase(pool, timeoutMs);
  const states = createRequestStates();
  const auth = createBetterAuth(database, options, states);
  const outbox =
    accounts.sendMail &&
    createOutbox(accounts.sendMail, accounts.appUrl ?? publicUrl, () =>
      log('warn', 'An e-mail was not sent, because its recipient got the maximum of this hour.'),
    );
  const key = sessionKey(publicUrl, secret);
  let isReady = false;

  return {
    async handle(request, client) {
      if (!isReady) throw notReady();
      const prepared = withClientHeaders(request, publicUrl, client.address, key);
      const state = newRequestState(client);
      const response = await states.run(state, () => database.inTransaction(() => answer(prepared)));
      if (response.status >= 400) return response;
      if (state.erased) erasure.onErased(state.erased.userId, state.erased.tokens);
      // After the response, so that its time does not reveal whether there is an e-mail.
      if (outbox) setImmediate(() => state.emails.forEach(outbox.send));
      return response;
    },
    sessionTokenOf: (headers) => sessionTokenOf(headers, key),
    async loadKeys() {
      // Without a key, Better Auth would create one here.
      if (!isReady) throw new Error('the issuer is not ready');
      return auth.api.getJwks();
    },
    async hasAccount(userId) {
      const { rows } = await database.query('select from todo_auth."user" where id = $1', [userId]);
      return rows.length > 0;
    },
    async hasSession({ userId, sessionId = null }) {
      const { rows } = await database.query(
        'select from todo_auth.session where id = $1 and user_id = $2 and expires_at > now() for key share',
        [sessionId, userId],
      );
      return rows.length > 0;
    },
    async prepare() {
      await ensureSigningKey(pool, secret);
      if (!accounts.hasTwoFactor && (await hasSecondFactors())) {
        log('warn', 'Users have a second factor, which is not asked for. Set TWO_FACTOR=on.');
      }
      isReady = true;
    },
    cleanUp: createSessionCleanup(database),
  };

  async function hasSecondFactors(): Promise<boolean> {
    const { rows } = await database.query<{ exists: boolean }>(
      'select exists (select from todo_auth.two_factor where verified)',
    );
    return rows[0]?.exists === true;
  }

  /** @throws ProblemError if the provider of a social sign-in does not respond */
  async function answer(request: Request): Promise<Response> {
    const response = auth.handler(request);
    if (!new URL(request.url).pathname.includes(`${issuerPath}/callback/`)) return response;
    if (await settledWithin(response, providerTimeoutMs)) return response;
    throw new ProblemError('identity_provider_unavailable', {
      detail: 'The provider of the sign-in does not respond. Sign in again later.',
      headers: { 'Retry-After': '10' },
    });
  }
}

/**
 * Sets the address of the client, the only session, and an `Origin` header for requests that are not from a browser. Better
 * Auth rejects a request without an origin if it has cookies or a `Sec-Fetch-` header, which Node's `fetch` sends. Browsers send an
 * origin with every POST, at least `null`. So a request without these headers is not from a browser and cannot be a
 * cross-site request.
 */
function withClientHeaders(request: Request, publicUrl: string, address: string, key: SessionKey): Request {
  const headers = new Headers(request.headers);
  // An IPv6 client is a /64 network, of which Better Auth expects the address.
  headers.set(addressHeader, address.replace(/\/64$/, ''));
  const hasOrigin = headers.has('origin') || headers.has('referer') || headers.has('sec-fetch-site');
  if (!hasOrigin) headers.set('origin', publicUrl);
  keepOneSession(headers, key);
  return new Request(request, { headers });
}
