/**
 * The endpoints of the embedded issuer: their OpenAPI descriptions, and the schemas of their bodies. Better Auth implements
 * them. Its other endpoints are not mounted.
 */
import { z } from 'zod';
import { text } from '../../http/request/text.ts';
import { emailDescriptions } from './email-operations.ts';
import type { IssuerFeatures } from './features.ts';
import {
  anyPassword,
  email,
  get,
  type IssuerDescription,
  password,
  post,
  sessionHeaders,
  statusResponse,
  timestamp,
  url,
  user,
} from './operation.ts';
import { socialDescriptions } from './social-operations.ts';
import { twoFactorDescriptions } from './two-factor-operations.ts';

const examplePassword = 'orbit lantern cactus';
const name = text(255);
const image = url.meta({ description: 'The URL of a picture.' });
const callbackURL = url.optional().meta({
  description: 'A URL of this server or of an allowed origin, for the redirect after signing in.',
});
const signUpPage = url.optional().meta({
  description:
    'A URL of this server or of an allowed origin: the page that the link in the e-mail leads to. Default: `APP_URL`.',
});
const rememberMe = z.boolean().optional().meta({
  description: 'Whether the cookie persists after the browser closes. If false, the session ends after one day.',
});

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

const signedUp = z
  .strictObject({ token: z.string().nullable(), user })
  .meta({ id: 'SignUpResponse', description: 'The new user. The session token is in the header `set-auth-token`.' });

const signedIn = z
  .strictObject({
    redirect: z.boolean().optional(),
    token: z.string().optional(),
    url: z.string().optional(),
    user: user.optional(),
    twoFactorRedirect: z.boolean().optional().meta({
      description:
        'True if the sign-in needs a second factor. Then there is no session yet, and `POST /api/auth/two-factor/verify-totp` continues with the cookie of this response.',
    }),
    twoFactorMethods: z.array(z.string()).optional(),
  })
  .meta({
    id: 'SignInResponse',
    description: 'The user, or the request for a second factor. The session token is in the header `set-auth-token`.',
  });

const currentSession = z
  .strictObject({ session, user })
  .meta({ id: 'CurrentSession', description: 'A session and its user.' });

/** The endpoints that are always mounted. Better Auth's client sends other fields, too, which are ignored. */
const baseDescriptions: readonly IssuerDescription[] = [
  post('signUpEmail', '/sign-up/email', 'Sign up with an e-mail address and a password', {
    token: 'none',
    body: z
      .strictObject({ name, email, password, image: image.optional(), rememberMe, callbackURL: signUpPage })
      .meta({ id: 'SignUpRequest', examples: [{ name: 'Ada', email: 'ada@example.com', password: examplePassword }] }),
    response: { description: 'The user is created and signed in.', schema: signedUp, headers: sessionHeaders },
  }),
  post('signInEmail', '/sign-in/email', 'Sign in with an e-mail address and a password', {
    token: 'none',
    body: z
      .strictObject({ email, password: anyPassword, rememberMe, callbackURL })
      .meta({ id: 'SignInRequest', examples: [{ email: 'ada@example.com', password: examplePassword }] }),
    response: {
      description: 'The user is signed in, or a second factor is needed.',
      schema: signedIn,
      headers: {
        ...sessionHeaders,
        'Set-Auth-Token': `Absent if a second factor is needed. ${sessionHeaders['Set-Auth-Token']}`,
      },
    },
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
    body: z
      .strictObject({
        password: anyPassword.optional().meta({
          description:
            'Required, except for a user who signs in with Google or GitHub only. Such a user needs a session of the last 10 minutes.',
        }),
      })
      .meta({ id: 'DeleteUserRequest' }),
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

/** All endpoints, in the order of the OpenAPI document. */
const allDescriptions = [...baseDescriptions, ...emailDescriptions, ...socialDescriptions, ...twoFactorDescriptions];

/** The endpoints of an issuer with these features. */
export function issuerDescriptions(features: IssuerFeatures): readonly IssuerDescription[] {
  return allDescriptions.filter(({ needs }) => needs === undefined || features.has(needs));
}
