/** OpenAPI descriptions of the embedded issuer's endpoints that clients need. Better Auth implements them. */
import { z } from 'zod';
import type { AnyDescription, ResponseDescription } from '../../http/route.ts';
import type { ProblemCode } from '../../problems/catalogue.ts';
import { passwordLength } from './password-length.ts';

const tag = 'Authentication (embedded issuer only)';
const basePath = '/api/auth';

const timestamp = z.string().meta({ format: 'date-time', example: '2026-11-20T09:30:00.000Z' });
const email = z.string().meta({ format: 'email', example: 'ada@example.com' });
const password = z.string().meta({ minLength: passwordLength.min, maxLength: passwordLength.max });
const image = z.string().meta({ description: 'The URL of a picture.' });
const rememberMe = z.boolean().optional().meta({
  description: 'Whether the cookie persists after the browser closes. If false, the session ends after one day.',
});

const user = z
  .strictObject({
    id: z.string().meta({ description: 'The `sub` of the user’s tokens.', example: 'r4Tk2bQvXcYw7Zn1' }),
    name: z.string(),
    email,
    emailVerified: z.boolean(),
    image: image.nullable(),
    createdAt: timestamp,
    updatedAt: timestamp,
  })
  .meta({ id: 'User', description: 'A user of the embedded issuer.' });

const session = z
  .strictObject({
    id: z.string(),
    userId: z.string(),
    token: z
      .string()
      .meta({ description: 'Identifies the session in `POST /api/auth/revoke-session`. It is not a bearer token.' }),
    expiresAt: timestamp,
    createdAt: timestamp,
    updatedAt: timestamp,
    ipAddress: z.string().nullable(),
    userAgent: z.string().nullable(),
  })
  .meta({ id: 'Session', description: 'A session of the embedded issuer.' });

const jwk = z
  .strictObject({
    kid: z.string(),
    kty: z.string().meta({ example: 'OKP' }),
    alg: z.string().meta({ example: 'EdDSA' }),
    crv: z.string().meta({ example: 'Ed25519' }),
    x: z.string(),
  })
  .meta({ id: 'Jwk', description: 'A public key (RFC 7517, RFC 8037).' });

const sessionHeaders = {
  'Set-Auth-Token': 'The session token, for `Authorization: Bearer` of clients without cookies.',
  'Set-Cookie': 'The session cookie, for browsers.',
};

const signedUp = z
  .strictObject({ token: z.string().nullable(), user })
  .meta({ id: 'SignUpResponse', description: 'The new user. The session token is in the header `set-auth-token`.' });

const signedIn = z
  .strictObject({ redirect: z.boolean(), token: z.string(), url: z.string().optional(), user })
  .meta({ id: 'SignInResponse', description: 'The user. The session token is in the header `set-auth-token`.' });

const currentSession = z
  .strictObject({ session, user })
  .meta({ id: 'CurrentSession', description: 'A session and its user.' });

const statusResponse = z
  .strictObject({ status: z.boolean() })
  .meta({ id: 'StatusResponse', description: 'Whether the operation succeeded.' });

/** The descriptions for the OpenAPI document. */
export const issuerDescriptions: readonly AnyDescription[] = [
  post('signUpEmail', '/sign-up/email', 'Sign up with an e-mail address and a password', {
    token: 'none',
    body: z
      .strictObject({ name: z.string(), email, password, image: image.optional(), rememberMe })
      .meta({ id: 'SignUpRequest', examples: [{ name: 'Ada', email: 'ada@example.com', password: 'correct horse' }] }),
    response: { description: 'The user is created and signed in.', schema: signedUp, headers: sessionHeaders },
  }),
  post('signInEmail', '/sign-in/email', 'Sign in with an e-mail address and a password', {
    token: 'none',
    body: z
      .strictObject({ email, password: z.string(), rememberMe })
      .meta({ id: 'SignInRequest', examples: [{ email: 'ada@example.com', password: 'correct horse' }] }),
    response: { description: 'The user is signed in.', schema: signedIn, headers: sessionHeaders },
    problems: ['token_invalid'],
  }),
  post('signOut', '/sign-out', 'Sign out', {
    token: 'session',
    response: {
      description: 'The session has ended. The response is the same without a session.',
      schema: z.strictObject({ success: z.boolean() }).meta({ id: 'SignOutResponse' }),
      headers: { 'Set-Cookie': 'Removes the session cookie.' },
    },
  }),
  get('getSession', '/get-session', 'Get the session and its user', {
    token: 'session',
    response: { description: 'The session, or null.', schema: currentSession.nullable() },
  }),
  get('getToken', '/token', 'Get a JWT for this API', {
    token: 'session',
    description: 'The JWT expires after 15 minutes. Get a new one with the same session.',
    response: {
      description: 'The JWT, for `Authorization: Bearer` of the operations under `/api/v1`.',
      schema: z.strictObject({ token: z.string() }).meta({ id: 'TokenResponse' }),
    },
    problems: ['token_invalid'],
  }),
  get('getJwks', '/jwks', 'Get the public keys for tokens', {
    token: 'none',
    response: {
      description: 'The JWK Set (RFC 7517).',
      schema: z.strictObject({ keys: z.array(jwk) }).meta({ id: 'JwkSet' }),
    },
  }),
  post('changePassword', '/change-password', 'Change the password', {
    token: 'session',
    description: 'All other sessions of the user end.',
    body: z.strictObject({ currentPassword: z.string(), newPassword: password }).meta({ id: 'ChangePasswordRequest' }),
    response: {
      description: 'The password is changed, and the user has a new session.',
      schema: z.strictObject({ token: z.string().nullable(), user }).meta({ id: 'ChangePasswordResponse' }),
      headers: sessionHeaders,
    },
    problems: ['token_invalid'],
  }),
  post('updateUser', '/update-user', 'Update the name or the picture of the user', {
    token: 'session',
    body: z
      .strictObject({ name: z.string().optional(), image: image.nullable().optional() })
      .meta({ id: 'UpdateUserRequest' }),
    response: { description: 'The user is updated.', schema: statusResponse },
    problems: ['token_invalid'],
  }),
  get('listSessions', '/list-sessions', 'List the sessions of the user', {
    token: 'session',
    response: { description: 'The sessions.', schema: z.array(session) },
    problems: ['token_invalid'],
  }),
  post('revokeSession', '/revoke-session', 'End a session of the user', {
    token: 'session',
    body: z
      .strictObject({ token: z.string().meta({ description: 'The `token` of the session in the list.' }) })
      .meta({ id: 'RevokeSessionRequest' }),
    response: { description: 'The session has ended, or the user had no such session.', schema: statusResponse },
    problems: ['token_invalid'],
  }),
  post('revokeSessions', '/revoke-sessions', 'End all sessions of the user', {
    token: 'session',
    response: { description: 'All sessions have ended.', schema: statusResponse },
    problems: ['token_invalid'],
  }),
  post('revokeOtherSessions', '/revoke-other-sessions', 'End all other sessions of the user', {
    token: 'session',
    response: { description: 'All other sessions have ended.', schema: statusResponse },
    problems: ['token_invalid'],
  }),
];

interface Endpoint {
  readonly token: 'session' | 'none';
  readonly description?: string;
  readonly body?: z.ZodType;
  readonly response: ResponseDescription;
  /** In addition to the problems of every issuer endpoint. */
  readonly problems?: readonly ProblemCode[];
}

function get(id: string, path: string, summary: string, endpoint: Endpoint): AnyDescription {
  return describe('get', id, path, summary, endpoint);
}

function post(id: string, path: string, summary: string, endpoint: Endpoint): AnyDescription {
  return describe('post', id, path, summary, endpoint);
}

function describe(
  method: 'get' | 'post',
  id: string,
  path: string,
  summary: string,
  { token, description, body, response, problems = [] }: Endpoint,
): AnyDescription {
  return {
    id,
    method,
    path: `${basePath}${path}`,
    tag,
    summary,
    ...(description !== undefined && { description }),
    token,
    request: body ? { body } : {},
    responses: { 200: response },
    problems: [...problems, 'rate_limited', 'database_unavailable', 'overloaded', 'timeout'],
  };
}
