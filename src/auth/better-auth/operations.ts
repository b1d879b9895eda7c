/**
 * The endpoints of the embedded issuer: their OpenAPI descriptions, and the schemas of their bodies. Better Auth implements
 * them. Its other endpoints are not mounted.
 */
import { z } from 'zod';
import { text } from '../../http/request/text.ts';
import type { AnyDescription, ResponseDescription } from '../../http/route.ts';
import type { ProblemCode } from '../../problems/catalogue.ts';
import { passwordLength } from './password-length.ts';

const tag = 'Authentication (embedded issuer only)';
/** The path of the issuer below the base path of the server. */
export const issuerPath = '/api/auth';

/** Maximum size of a body in bytes: more than all fields of the largest one in UTF-8. */
export const issuerBodyLimit = 8 * 1024;

const timestamp = z.string().meta({ format: 'date-time', example: '2026-11-20T09:30:00.000Z' });
/** At most 254 characters: RFC 5321, section 4.5.3.1.3, without the angle brackets. */
const email = text(254).meta({ format: 'email', example: 'ada@example.com' });
const name = text(255);
/** Better Auth checks the length, with its own codes of errors. */
const anyPassword = text(issuerBodyLimit).meta({ maxLength: passwordLength.max });
const password = anyPassword.meta({
  minLength: passwordLength.min,
  description: 'At least 8 characters that are not easy to guess, for example four or more unrelated words.',
});
const image = text(2048).meta({ description: 'The URL of a picture.' });
const callbackURL = text(2048).optional().meta({
  description: 'A URL of this server or of an allowed origin, for the redirect after signing in.',
});
const rememberMe = z.boolean().optional().meta({
  description: 'Whether the cookie persists after the browser closes. If false, the session ends after one day.',
});

const user = z
  .strictObject({
    id: z.string().meta({ description: 'The `sub` of the user’s tokens.', example: 'r4Tk2bQvXcYw7Zn1' }),
    name: z.string(),
    email: z.string().meta({ format: 'email', example: 'ada@example.com' }),
    emailVerified: z.boolean(),
    image: z.string().nullable(),
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

const examplePassword = 'orbit lantern cactus';

/** The endpoints, in the order of the OpenAPI document. Better Auth's client sends other fields, too, which are ignored. */
export const issuerDescriptions: readonly IssuerDescription[] = [
  post('signUpEmail', '/sign-up/email', 'Sign up with an e-mail address and a password', {
    token: 'none',
    body: z
      .strictObject({ name, email, password, image: image.optional(), rememberMe, callbackURL })
      .meta({ id: 'SignUpRequest', examples: [{ name: 'Ada', email: 'ada@example.com', password: examplePassword }] }),
    response: { description: 'The user is created and signed in.', schema: signedUp, headers: sessionHeaders },
  }),
  post('signInEmail', '/sign-in/email', 'Sign in with an e-mail address and a password', {
    token: 'none',
    body: z
      .strictObject({ email, password: anyPassword, rememberMe, callbackURL })
      .meta({ id: 'SignInRequest', examples: [{ email: 'ada@example.com', password: examplePassword }] }),
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
    body: z.strictObject({ currentPassword: anyPassword, newPassword: password }).meta({ id: 'ChangePasswordRequest' }),
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
      .strictObject({ name: name.optional(), image: image.nullable().optional() })
      .meta({ id: 'UpdateUserRequest' }),
    response: { description: 'The user is updated.', schema: statusResponse },
    problems: ['token_invalid'],
  }),
  post('deleteUser', '/delete-user', 'Delete the account and everything of the user', {
    token: 'session',
    description:
      'Deletes the account and its sessions, and erases everything that `DELETE /api/v1/me` erases, in one transaction. This cannot be undone. JWTs of the user stay valid until they expire.',
    body: z.strictObject({ password: anyPassword }).meta({ id: 'DeleteUserRequest' }),
    response: {
      description: 'The account is deleted.',
      schema: z.strictObject({ success: z.boolean(), message: z.string() }).meta({ id: 'DeleteUserResponse' }),
      headers: { 'Set-Cookie': 'Removes the session cookie.' },
    },
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
      .strictObject({ token: text(255).meta({ description: 'The `token` of the session in the list.' }) })
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

/** The schema of a body. */
export type BodyFields = z.ZodObject;

export interface IssuerDescription extends AnyDescription {
  readonly method: 'get' | 'post';
  readonly token: 'session' | 'none';
  /** The path below the path of the issuer. */
  readonly endpoint: string;
  readonly request: { readonly body?: BodyFields };
}

interface Endpoint {
  readonly token: 'session' | 'none';
  readonly description?: string;
  readonly body?: BodyFields;
  readonly response: ResponseDescription;
  /** In addition to the problems of every issuer endpoint. */
  readonly problems?: readonly ProblemCode[];
}

function get(id: string, path: string, summary: string, endpoint: Endpoint): IssuerDescription {
  return describe('get', id, path, summary, endpoint);
}

function post(id: string, path: string, summary: string, endpoint: Endpoint): IssuerDescription {
  return describe('post', id, path, summary, endpoint);
}

function describe(
  method: 'get' | 'post',
  id: string,
  path: string,
  summary: string,
  { token, description, body, response, problems = [] }: Endpoint,
): IssuerDescription {
  return {
    id,
    method,
    path: `${issuerPath}${path}`,
    endpoint: path,
    tag,
    summary,
    ...(description !== undefined && { description }),
    token,
    request: body ? { body } : {},
    bodyLimit: issuerBodyLimit,
    responses: { 200: response },
    problems: [...problems, 'rate_limited', 'database_unavailable', 'overloaded', 'timeout'],
  };
}
