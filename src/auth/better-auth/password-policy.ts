/** Rules for new passwords, in addition to Better Auth's own. */
import { createAuthMiddleware } from 'better-auth/api';
import { validationFailed } from '../../problems/problem.ts';
import type { IssuerDatabase } from './issuer-database.ts';
import { passwordLength } from './password-length.ts';
import type { PasswordOwner } from './password-strength.ts';
import { removeUnfinishedUser } from './unfinished-user.ts';

/** The endpoints that set a password, and the field with the new password. */
const newPasswordFields: Readonly<Record<string, string>> = {
  '/sign-up/email': 'password',
  '/change-password': 'newPassword',
};

type Body = Readonly<Record<string, unknown>> | undefined;

/**
 * Hooks for Better Auth. They throw `ProblemError`.
 *
 * @param currentSessionToken returns the session token of the request that is being handled
 */
export function createPasswordPolicy(database: IssuerDatabase, currentSessionToken: () => string | null) {
  return {
    before: createAuthMiddleware(async ({ path, body }) => {
      const field = newPasswordFields[path];
      if (field !== undefined) await requireStrength(body, field);
      if (path === '/delete-user') requirePassword(body);
      if (path === '/sign-up/email') await removeUnfinishedUser(database, textOf(body, 'email').toLowerCase());
      // End all other sessions, because an attacker who knew the old password can be signed in.
      if (path === '/change-password') return { context: { body: { ...body, revokeOtherSessions: true } } };
    }),
  };

  async function requireStrength(body: Body, field: string): Promise<void> {
    const password = textOf(body, field);
    // Better Auth rejects other lengths.
    if (password.length < passwordLength.min || password.length > passwordLength.max) return;
    const owner =
      field === 'password' ? { name: textOf(body, 'name'), email: textOf(body, 'email') } : await currentUser();
    if (!owner) return;
    const checkStrength = await loadStrengthCheck();
    const weakness = checkStrength(password, owner);
    if (weakness) throw validationFailed([{ in: 'body', pointer: `/${field}`, message: weakness }]);
  }

  /** The user of the session; undefined without a valid one, which Better Auth rejects. */
  async function currentUser(): Promise<PasswordOwner | undefined> {
    const token = currentSessionToken();
    if (token === null) return undefined;
    const { rows } = await database.query<{ name: string; email: string }>(
      `select name, email from todo_auth."user"
       where id = (select user_id from todo_auth.session where token = $1 and expires_at > now())`,
      [token],
    );
    return rows[0];
  }
}

let strengthCheck: Promise<(password: string, owner: PasswordOwner) => string | null> | undefined;

/** The estimator with its dictionaries, which is loaded for the first new password. */
function loadStrengthCheck() {
  strengthCheck ??= import('./password-strength.ts').then(({ createStrengthCheck }) => createStrengthCheck());
  return strengthCheck;
}

/** Better Auth accepts a new session instead, which another person at the user's device may have. */
function requirePassword(body: Body): void {
  if (textOf(body, 'password') !== '') return;
  throw validationFailed([{ in: 'body', pointer: '/password', message: 'is required' }]);
}

function textOf(body: Body, field: string): string {
  const value = body?.[field];
  return typeof value === 'string' ? value : '';
}
