/** The user of the session of a request, for rules that run before Better Auth looks at the session. */
import { APIError } from 'better-auth/api';
import { validationFailed } from '../../problems/problem.ts';
import type { IssuerDatabase } from './issuer-database.ts';
import type { PasswordOwner } from './password-strength.ts';

/** The user of a session; undefined if the session has ended. */
export async function ownerOfSession(
  database: IssuerDatabase,
  sessionToken: string | null,
): Promise<PasswordOwner | undefined> {
  if (sessionToken === null) return undefined;
  const { rows } = await database.query<{ name: string; email: string }>(
    `select name, email from todo_auth."user"
     where id = (select user_id from todo_auth.session where token = $1 and expires_at > now())`,
    [sessionToken],
  );
  return rows[0];
}

/** @throws APIError 401 without a valid session, as Better Auth's */
export async function requireOwner(database: IssuerDatabase, sessionToken: string | null): Promise<PasswordOwner> {
  const owner = await ownerOfSession(database, sessionToken);
  if (!owner) throw new APIError('UNAUTHORIZED', { code: 'UNAUTHORIZED', message: 'Unauthorized' });
  return owner;
}

/**
 * Accepts an operation without a password only for a user who has none, and only with a new session. Better Auth accepts a
 * session of the last day for each user, which another person at the user's device may have.
 *
 * @throws ProblemError 422 if the user has a password
 * @throws APIError 401 if the session is older than 10 minutes
 */
export async function requireNoPassword(database: IssuerDatabase, sessionToken: string | null): Promise<void> {
  const { rows } = await database.query<{ has_password: boolean; is_recent: boolean }>(
    `select created_at > now() - interval '10 minutes' as is_recent,
       exists (select from todo_auth.account where user_id = session.user_id and password is not null) as has_password
     from todo_auth.session where token = $1 and expires_at > now()`,
    [sessionToken],
  );
  const [session] = rows;
  // Better Auth rejects a request without a session.
  if (!session) return;
  if (session.has_password) throw validationFailed([{ in: 'body', pointer: '/password', message: 'is required' }]);
  if (session.is_recent) return;
  throw new APIError('FORBIDDEN', { code: 'SESSION_NOT_FRESH', message: 'Session is not fresh' });
}
