/** Rules of this server before and after the endpoints of Better Auth. They throw `ProblemError`, or an error of Better Auth. */
import { APIError, createAuthMiddleware } from 'better-auth/api';
import { validationFailed } from '../../problems/problem.ts';
import type { IssuerDatabase } from './issuer-database.ts';
import { isEmailAddress } from './operation.ts';
import type { Pages } from './pages.ts';
import { hasAllowedLength, requireStrength } from './password-policy.ts';
import { createResetToken, lockPasswordOf, ownerOfResetToken, removeVerifications } from './password-reset.ts';
import type { RequestState, RequestStates } from './request-state.ts';
import {
  ownerOfSession,
  requireChangeableAddress,
  requireLinkOfPassword,
  requireNoPassword,
  requireOwner,
} from './session-owner.ts';
import { acceptCode, type CodeSender, requireReadableFactor } from './totp-codes.ts';
import { removeUnfinishedUser } from './unfinished-user.ts';
import { claimsOf } from './verification-token.ts';

type Fields = Readonly<Record<string, unknown>>;

interface Call {
  readonly body: Fields;
  readonly query: Fields;
  readonly state: RequestState;
  /** The value of a cookie of Better Auth; null without one, or if its signature is not valid. */
  readonly cookie: (name: string) => Promise<string | null>;
}

/** Nothing, a change of the request, or the response. */
type Rule = (call: Call) => Promise<{ readonly context: object } | object | undefined>;

/**
 * The endpoints that change how a user signs in. Their success ends links for a new password, sign-ins in progress, and the
 * trust in devices that skip the second factor.
 */
const renewingPaths = new Set(['/change-password', '/two-factor/disable']);

export interface HookOptions {
  readonly database: IssuerDatabase;
  readonly states: RequestStates;
  readonly pages: Pages | null;
  readonly hash: (password: string) => Promise<string>;
  /** The secret of Better Auth. */
  readonly secret: string;
}

export function createHooks({ database, states, pages, hash, secret }: HookOptions) {
  /** The page that a field of the body names; null if the server needs no page. */
  const pageIn = ({ body }: Call, field: string) =>
    pages?.pageOf(body[field], { in: 'body', pointer: `/${field}` }) ?? null;

  const rules: Readonly<Record<string, Rule>> = {
    '/sign-up/email': async (call) => {
      const { body, state } = call;
      const [name, email] = [textOf(body.name), textOf(body.email)];
      await requireStrength(textOf(body.password), { name, email }, 'password');
      state.page = pageIn(call, 'callbackURL');
      await removeUnfinishedUser(database, email.toLowerCase());
      return undefined;
    },

    '/sign-in/email': async ({ body, state }) => {
      state.signInEmail = textOf(body.email).toLowerCase();
      return undefined;
    },

    '/change-password': async ({ body, state }) => {
      const owner = await ownerOfSession(database, state.client.sessionToken);
      if (owner) await requireStrength(textOf(body.newPassword), owner, 'newPassword');
      // End all other sessions, because an attacker who knew the old password can be signed in.
      return { context: { body: { ...body, revokeOtherSessions: true } } };
    },

    '/delete-user': async ({ body, state }) => {
      if (textOf(body.password) === '') await requireNoPassword(database, state.client.sessionToken);
      return undefined;
    },

    '/request-password-reset': async (call) => {
      const { body, state } = call;
      const email = textOf(body.email);
      // Better Auth rejects it.
      if (!isEmailAddress(email)) return undefined;
      const page = pageIn(call, 'redirectTo');
      const token = await createResetToken(database, email);
      if (token !== null && page) state.emails.push({ kind: 'reset', to: email.toLowerCase(), token, page });
      return { status: true, message: 'If the address has an account, an e-mail with a link is sent to it.' };
    },

    '/reset-password': async ({ body, state }) => {
      const [token, newPassword] = [textOf(body.token), textOf(body.newPassword)];
      // Better Auth would also accept a token in the query.
      if (token === '') throw validationFailed([{ in: 'body', pointer: '/token', message: 'is required' }]);
      if (!hasAllowedLength(newPassword)) return undefined;
      const owner = await ownerOfResetToken(database, token);
      if (!owner) return undefined;
      await requireStrength(newPassword, owner, 'newPassword');
      // Better Auth hashes after its first write, when the request holds a connection.
      state.newHash = { password: newPassword, hash: await hash(newPassword) };
      await lockPasswordOf(database, token);
      return undefined;
    },

    '/send-verification-email': async (call) => {
      await requireOwner(database, call.state.client.sessionToken);
      call.state.page = pageIn(call, 'callbackURL');
      return undefined;
    },

    '/change-email': async (call) => {
      await requireChangeableAddress(database, call.state.client.sessionToken);
      call.state.page = pageIn(call, 'callbackURL');
      return undefined;
    },

    '/verify-email': async ({ query, state }) => {
      const owner = await requireOwner(database, state.client.sessionToken);
      const { email, updateTo, issuedAt } = claimsOf(textOf(query.token));
      if (email !== null && email !== owner.email) {
        throw new APIError('BAD_REQUEST', {
          code: 'INVALID_USER',
          message: 'The link belongs to another account. Sign in with that account first.',
        });
      }
      if (updateTo !== null) await requireLinkOfPassword(database, state.client.sessionToken, issuedAt);
      const { callbackURL } = query;
      state.page = pages?.pageOf(callbackURL, { in: 'query', pointer: 'callbackURL' }) ?? null;
      // With a URL, Better Auth would redirect instead of responding.
      return { context: { query: { ...query, callbackURL: '' } } };
    },

    '/two-factor/verify-totp': async (call) => {
      const { body } = call;
      if (await acceptCode(database, await senderOf(call), textOf(body.code), secret)) return undefined;
      // Better Auth counts it as a wrong code.
      return { context: { body: { ...body, code: '' } } };
    },

    '/two-factor/verify-backup-code': async (call) => {
      await requireReadableFactor(database, await senderOf(call), secret);
      return undefined;
    },

    '/sign-in/social': async (call) => {
      const { body } = call;
      const newUserPage = body.newUserCallbackURL === undefined ? 'callbackURL' : 'newUserCallbackURL';
      // Better Auth would resolve a path against this server.
      const pageOf = (field: string) => pageIn(call, field)?.href;
      const urls = {
        callbackURL: pageOf('callbackURL'),
        newUserCallbackURL: pageOf(newUserPage),
        errorCallbackURL: pageOf('errorCallbackURL'),
      };
      return { context: { body: { ...body, ...urls } } };
    },
  };

  return {
    before: createAuthMiddleware(async ({ path, body, query, context, getSignedCookie }) => {
      const state = states.getStore();
      if (!state) return undefined;
      const cookie = async (name: string) =>
        (await getSignedCookie(context.createAuthCookie(name).name, context.secret)) || null;
      return rules[path]?.({ body: body ?? {}, query: query ?? {}, state, cookie });
    }),
    after: createAuthMiddleware(async ({ path, context: { newSession } }) => {
      // A request that fails has no new session.
      if (renewingPaths.has(path) && newSession) await removeVerifications(database, newSession.user.id);
    }),
  };
}

async function senderOf({ state, cookie }: Call): Promise<CodeSender> {
  return { sessionToken: state.client.sessionToken, signIn: await cookie('two_factor') };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
