/** The Better Auth server of the embedded issuer, with its options. */
import { betterAuth } from 'better-auth';
import { bearer, jwt, twoFactor } from 'better-auth/plugins';
import { basePathOf } from '../../config/addresses.ts';
import { adapterOf } from './adapter.ts';
import { lockPassword } from './current-password.ts';
import { endEarlierAccess } from './earlier-access.ts';
import type { EmailKind } from './emails.ts';
import { createHooks } from './hooks.ts';
import type { IssuerDatabase } from './issuer-database.ts';
import type { IssuerLog, IssuerOptions } from './issuer-options.ts';
import { issuerPath } from './operation.ts';
import { createPages } from './pages.ts';
import { passwordLength } from './password-length.ts';
import { createPasswordHashing } from './password-queue.ts';
import { removeResetTokens, removeVerifications } from './password-reset.ts';
import { createRequestStates, type RequestStates } from './request-state.ts';
import { endOldestSessions } from './sessions.ts';
import { accountToStore, refusalOf, socialOptions } from './social.ts';
import { claimsOf } from './verification-token.ts';

/** The header with the address of the client. Better Auth stores it with a session. */
export const addressHeader = 'todo-api-client-address';

/** @public `npm run check` compares the tables that it expects with `tables.ts` */
export function createBetterAuth(
  database: IssuerDatabase,
  { accounts, erasure, publicUrl, secret, trustedOrigins, log }: Omit<IssuerOptions, 'timeoutMs'>,
  states: RequestStates = createRequestStates(),
) {
  const basePath = basePathOf(publicUrl);
  const { appUrl, providers, sendMail, hasTwoFactor } = accounts;
  const origins = [new URL(publicUrl).origin, ...trustedOrigins];
  const pages = appUrl === null ? null : createPages(appUrl, origins);
  const hashing = createPasswordHashing(() => states.getStore()?.client.address ?? '');

  /** Queues an e-mail that is sent after the commit. */
  const queueEmail = (kind: EmailKind, to: string, token: string | null) => {
    const state = states.getStore();
    if (state && pages) state.emails.push({ kind, to, token, page: state.page ?? pages.home });
  };

  /** Notes API tokens that are rejected from the commit on. */
  const noteErased = (userId: string, tokens: readonly string[]) => {
    const state = states.getStore();
    if (state) state.erased = { userId, tokens };
  };

  return betterAuth({
    appName: 'todo-api',
    // Better Auth appends no path to a base URL that has one.
    baseURL: `${publicUrl}${issuerPath}`,
    basePath: `${basePath}${issuerPath}`,
    secret,
    trustedOrigins: [...trustedOrigins, ...(appUrl === null ? [] : [new URL(appUrl).origin])],
    database: adapterOf(database),
    emailAndPassword: {
      enabled: true,
      minPasswordLength: passwordLength.min,
      maxPasswordLength: passwordLength.max,
      password: {
        verify: async (check) => {
          const state = states.getStore();
          if (!(await hashing.verify(check))) return false;
          return !state || lockPassword(database, state, check.hash);
        },
        hash: async (password) => {
          const known = states.getStore()?.newHash;
          return known?.password === password ? known.hash : hashing.hash(password);
        },
      },
      onPasswordReset: async ({ user }) => {
        const tokens = await endEarlierAccess(database, { userId: user.id, provesAddress: true }, erasure.eraseTokens);
        if (tokens) noteErased(user.id, tokens);
        queueEmail('password-changed', user.email, null);
      },
    },
    ...(sendMail && {
      emailVerification: {
        sendOnSignUp: true,
        sendVerificationEmail: async ({ user, token }) =>
          queueEmail(claimsOf(token).updateTo === null ? 'sign-up' : 'new-address', user.email, token),
        // A link for a new password can be in the mailbox of the address before.
        afterEmailVerification: ({ id }) => removeResetTokens(database, id),
      },
    }),
    ...socialOptions(providers),
    hooks: createHooks({ database, states, pages, hash: hashing.hash, secret }),
    databaseHooks: {
      session: { create: { after: ({ userId }) => endOldestSessions(database, userId) } },
      account: { create: { before: accountToStore } },
    },
    user: {
      validateUserInfo: ({ user, source }) => refusalOf(database, hasTwoFactor, user, source),
      changeEmail: {
        enabled: sendMail !== null,
        sendChangeEmailConfirmation: async ({ user, token }) => queueEmail('change', user.email, token),
      },
      deleteUser: {
        enabled: true,
        // Before the account, so that a failure keeps the account, with which the user can try again.
        beforeDelete: async ({ id }) => {
          noteErased(id, await erasure.erase(database, id));
          await removeVerifications(database, id);
        },
      },
    },
    session: { storeSessionInDatabase: true },
    logger: { log: withoutRejections(log) },
    // Otherwise Better Auth prints failed statements with their parameters, such as e-mail addresses.
    onAPIError: { throw: true, ...(appUrl !== null && { errorURL: appUrl }) },
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
      // Before `bearer`, which would send the token of the session that a missing second factor ends.
      ...(hasTwoFactor ? [twoFactor({ issuer: new URL(appUrl ?? publicUrl).hostname })] : []),
      jwt({
        // Otherwise each request for the session also signs a token, which costs more than the session.
        disableSettingJwtHeader: true,
        jwt: {
          issuer: publicUrl,
          audience: publicUrl,
          expirationTime: '15m',
          // The default payload is the whole user record. The API needs only the subject and the session.
          definePayload: ({ session }) => ({ sid: session.id }),
        },
      }),
      // For clients without cookies: curl, mobile applications, other servers.
      bearer({ requireSignature: true }),
    ],
  });
}

/**
 * Better Auth reports a rejected URL or origin as an error, in the words of the client. The log of requests has the rejection
 * with its reason.
 */
function withoutRejections(log: IssuerLog): IssuerLog {
  return (level, message, ...details) => {
    if (!/^Invalid (?:origin|\w+URL): /.test(message)) log(level, message, ...details);
  };
}
