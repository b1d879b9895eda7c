/** Password policy and sign-in throttling, in addition to Better Auth's defaults. */
import { dictionary } from '@zxcvbn-ts/language-common';
import { createAuthMiddleware, isAPIError } from 'better-auth/api';
import { ProblemError, validationFailed } from '../../problems/problem.ts';
import { createMemoryCounter } from '../../rate-limit/fixed-window.ts';
import type { IssuerDatabase } from './issuer-database.ts';
import { removeUnfinishedUser } from './unfinished-user.ts';

/** Maximum failed sign-ins per account and minute, from any client and also for unknown accounts. */
const maxFailuresPerAccount = 10;

/** The endpoints that set a password, and the field with the new password. */
const newPasswordFields: Readonly<Record<string, string>> = {
  '/sign-up/email': 'password',
  '/change-password': 'newPassword',
  '/reset-password': 'newPassword',
  '/set-password': 'newPassword',
};

const signIn = '/sign-in/email';
const signUp = '/sign-up/email';

/** Hooks for Better Auth. They throw `ProblemError`. */
export function createPasswordPolicy(database: IssuerDatabase) {
  const commonPasswords = new Set<string>(dictionary['passwords-common']);
  const failures = createMemoryCounter(maxFailuresPerAccount);

  return {
    before: createAuthMiddleware(async ({ path, body }) => {
      const field = newPasswordFields[path];
      if (field !== undefined) rejectCommonPassword(body, field);
      if (path === signIn) enforceFailureLimit(accountOf(body));
      if (path === signUp) await removeUnfinishedUser(database, accountOf(body));
      // End all other sessions, because an attacker who knew the old password can be signed in.
      if (path === '/change-password') return { context: { body: { ...body, revokeOtherSessions: true } } };
    }),
    after: createAuthMiddleware(async ({ path, body, context }) => {
      if (path === signIn && isAPIError(context.returned)) failures.consume(accountOf(body));
    }),
  };

  /** ASVS 5.0, section 6.2.4: common passwords are not allowed. */
  function rejectCommonPassword(body: Readonly<Record<string, unknown>> | undefined, field: string): void {
    const password = body?.[field];
    if (typeof password !== 'string' || !commonPasswords.has(password.toLowerCase())) return;
    throw validationFailed([{ in: 'body', pointer: `/${field}`, message: 'is a common password; choose another one' }]);
  }

  function enforceFailureLimit(account: string): void {
    const { remaining, resetSeconds } = failures.get(account);
    if (remaining > 0) return;
    throw new ProblemError('rate_limited', {
      reason: 'account',
      detail: 'Too many failed sign-ins with this e-mail address.',
      headers: { 'Retry-After': String(resetSeconds) },
    });
  }
}

function accountOf(body: Readonly<Record<string, unknown>> | undefined): string {
  return String(body?.email).toLowerCase();
}
