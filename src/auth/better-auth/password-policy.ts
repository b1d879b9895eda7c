/** What the embedded issuer asks for beyond Better Auth's defaults: passwords worth having, and patience of those who guess. */
import { dictionary } from '@zxcvbn-ts/language-common';
import { createAuthMiddleware, isAPIError } from 'better-auth/api';
import { ProblemError, validationFailed } from '../../problems/problem.ts';
import { createMemoryCounter } from '../../rate-limit/fixed-window.ts';
import type { IssuerDatabase } from './issuer-database.ts';
import { removeUnfinishedUser } from './unfinished-user.ts';

/** Failed sign-ins of an account in a minute, whoever tries and whether there is such an account or not. */
const failuresOfAccount = 10;

/** Where a password is chosen, and the field that it is in. */
const chosenPasswords: Readonly<Record<string, string>> = {
  '/sign-up/email': 'password',
  '/change-password': 'newPassword',
  '/reset-password': 'newPassword',
  '/set-password': 'newPassword',
};

const signIn = '/sign-in/email';
const signUp = '/sign-up/email';

/** Hooks for Better Auth. What they throw is a `ProblemError`. */
export function createPasswordPolicy(database: IssuerDatabase) {
  const common = new Set<string>(dictionary['passwords-common']);
  const failures = createMemoryCounter(failuresOfAccount);

  return {
    before: createAuthMiddleware(async ({ path, body }) => {
      const field = chosenPasswords[path];
      if (field !== undefined) requireUncommon(body, field);
      if (path === signIn) refuseGuessing(accountOf(body));
      if (path === signUp) await removeUnfinishedUser(database, accountOf(body));
      // A new password is worth little while whoever knew the old one stays signed in.
      if (path === '/change-password') return { context: { body: { ...body, revokeOtherSessions: true } } };
    }),
    after: createAuthMiddleware(async ({ path, body, context }) => {
      if (path === signIn && isAPIError(context.returned)) failures.consume(accountOf(body));
    }),
  };

  /** ASVS 5.0, section 6.2.4: not one of the passwords that everybody tries first. */
  function requireUncommon(body: Readonly<Record<string, unknown>> | undefined, field: string): void {
    const password = body?.[field];
    if (typeof password !== 'string' || !common.has(password.toLowerCase())) return;
    throw validationFailed([
      { in: 'body', pointer: `/${field}`, message: 'is one of the passwords that are guessed first; choose another' },
    ]);
  }

  function refuseGuessing(account: string): void {
    const { remaining, resetSeconds } = failures.get(account);
    if (remaining > 0) return;
    throw new ProblemError('rate_limited', {
      reason: 'account',
      detail: 'There were too many failed attempts to sign in with this address.',
      headers: { 'Retry-After': String(resetSeconds) },
    });
  }
}

function accountOf(body: Readonly<Record<string, unknown>> | undefined): string {
  return String(body?.email).toLowerCase();
}
