/** A valid request to each endpoint of the embedded issuer. */

export interface IssuerRequest {
  readonly method: string;
  /** The path below the path of the issuer, with parameters filled in. */
  readonly target: string;
  readonly body?: object;
  /** Whether it needs no database, because it is disabled or uses no stored data. */
  readonly needsNoDatabase?: true;
}

/** A user who has signed up. */
export interface Person {
  readonly email: string;
  readonly password: string;
}

/** By method and path, as in `Issuer.endpoints`. */
export function issuerRequests({ email, password }: Person): Readonly<Record<string, Omit<IssuerRequest, 'method'>>> {
  const social = { provider: 'github', callbackURL: '/' };
  return {
    'POST /sign-up/email': { target: '/sign-up/email', body: { name: 'Ada', email: `new-${email}`, password } },
    'POST /sign-in/email': { target: '/sign-in/email', body: { email, password } },
    'POST /sign-in/social': { target: '/sign-in/social', body: social, needsNoDatabase: true },
    'GET /callback/:id': { target: '/callback/github?code=x&state=y' },
    'POST /callback/:id': { target: '/callback/github', body: { code: 'x', state: 'y' }, needsNoDatabase: true },
    'GET /get-session': { target: '/get-session' },
    'POST /get-session': { target: '/get-session', needsNoDatabase: true },
    'POST /sign-out': { target: '/sign-out' },
    'POST /reset-password': { target: '/reset-password', body: { newPassword: `new ${password}`, token: 'x' } },
    'GET /reset-password/:token': { target: '/reset-password/x?callbackURL=/' },
    'POST /request-password-reset': { target: '/request-password-reset', body: { email }, needsNoDatabase: true },
    'POST /verify-password': { target: '/verify-password', body: { password } },
    'GET /verify-email': { target: '/verify-email?token=x', needsNoDatabase: true },
    'POST /send-verification-email': { target: '/send-verification-email', body: { email }, needsNoDatabase: true },
    'POST /change-email': { target: '/change-email', body: { newEmail: `new-${email}` } },
    'POST /change-password': {
      target: '/change-password',
      body: { currentPassword: password, newPassword: `new ${password}`, revokeOtherSessions: true },
    },
    'POST /update-session': { target: '/update-session', body: { name: 'Ada' } },
    'POST /update-user': { target: '/update-user', body: { name: 'Ada Lovelace' } },
    'POST /delete-user': { target: '/delete-user', body: { password } },
    'GET /delete-user/callback': { target: '/delete-user/callback?token=x', needsNoDatabase: true },
    'GET /list-sessions': { target: '/list-sessions' },
    'POST /revoke-session': { target: '/revoke-session', body: { token: 'x' } },
    'POST /revoke-sessions': { target: '/revoke-sessions' },
    'POST /revoke-other-sessions': { target: '/revoke-other-sessions' },
    'POST /link-social': { target: '/link-social', body: social },
    'GET /list-accounts': { target: '/list-accounts' },
    'POST /unlink-account': { target: '/unlink-account', body: { accountId: 'x' } },
    'POST /refresh-token': { target: '/refresh-token', body: { accountId: 'x' } },
    'POST /get-access-token': { target: '/get-access-token', body: { accountId: 'x' } },
    'GET /account-info': { target: '/account-info?accountId=x' },
    'GET /jwks': { target: '/jwks' },
    'GET /token': { target: '/token' },
    'GET /ok': { target: '/ok', needsNoDatabase: true },
    'GET /error': { target: '/error', needsNoDatabase: true },
  };
}

/** @throws an error that names the endpoints which the table above does not have */
export function requestsToAll(endpoints: ReadonlyMap<string, readonly string[]>, person: Person): IssuerRequest[] {
  const known = issuerRequests(person);
  const keys = [...endpoints].flatMap(([path, methods]) =>
    methods.map((method) => [method, `${method} ${path}`] as const),
  );
  const missing = keys.filter(([, key]) => !known[key]).map(([, key]) => key);
  if (missing.length > 0) throw new Error(`put a request into the table for: ${missing.join(', ')}`);
  return keys.map(([method, key]) => ({ method, ...(known[key] as Omit<IssuerRequest, 'method'>) }));
}
