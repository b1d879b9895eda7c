/** The user of the session of a request, for rules that run before Better Auth looks at the session. */
import { APIError } from 'better-auth/api';
import { validationFailed } from '../../problems/problem.ts';
import type { IssuerDatabase } from './issuer-database.ts';
import type { PasswordOwner } from './password-strength.ts';

/**
 * SQL: the id of the user of a session; null if the session has ended.
 *
 * @param token the placeholder of the session token
 */
export function userIdOfSession(token: string): string {
  return `(select user_id from todo_auth.session where token = ${token} and expires_at > now())`;
}

/** The user of a session; undefined if the session has ended. */
export async function ownerOfSession(
  database: IssuerDatabase,
  sessionToken: string | null,
): Promise<PasswordOwner | undefined> {
  if (sessionToken === null) return undefined;
  const { rows } = await database.query<{ name: string; email: string }>(
    `select name, email from todo_auth."user" where id = ${userIdOfSession('$1')}`,
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

/** The condition for a session of a sign-in that a person has just made. */
const isRecent = `session.created_at > now() - interval '10 minutes'`;

/**
 * Accepts a change of an address that is not confirmed only with a new session. No e-mail to the current address protects the
 * change, and the owner of the new address can reset the password.
 *
 * @throws APIError 401 if the session is older than 10 minutes
 */
export async function requireChangeableAddress(database: IssuerDatabase, sessionToken: string | null): Promise<void> {
  const { rows } = await database.query<{ may_change: boolean }>(
    `select email_verified or ${isRecent} as may_change
     from todo_auth.session as session join todo_auth."user" as owner on owner.id = session.user_id
     where token = $1 and expires_at > now()`,
    [sessionToken],
  );
  // Better Auth rejects a request without a session.
  if (rows[0]?.may_change === false) throw notRecent();
}

/**
 * Accepts a link that changes the address only if it was requested with the current password. Otherwise a person whose access a
 * new password ended could send the link to the user, in whose session the browser opens it.
 *
 * @param issuedAt of the link, in seconds since 1970
 * @throws APIError 400 if the password is newer
 */
export async function requireLinkOfPassword(
  database: IssuerDatabase,
  sessionToken: string | null,
  issuedAt: number,
): Promise<void> {
  const { rows } = await database.query(
    `select from todo_auth.account
     where user_id = ${userIdOfSession('$1')}
       and provider_id = 'credential' and date_trunc('second', updated_at) > to_timestamp($2)`,
    [sessionToken, issuedAt],
  );
  if (rows.length > 0) throw new APIError('BAD_REQUEST', { code: 'INVALID_TOKEN', message: 'Invalid token' });
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
    `select ${isRecent} as is_recent,
       exists (select from todo_auth.account where user_id = session.user_id and password is not null) as has_password
     from todo_auth.session where token = $1 and expires_at > now()`,
    [sessionToken],
  );
  const [session] = rows;
  // Better Auth rejects a request without a session.
  if (!session) return;
  if (session.has_password) throw validationFailed([{ in: 'body', pointer: '/password', message: 'is required' }]);
  if (session.is_recent) return;
  throw notRecent();
}

function notRecent(): APIError {
  return new APIError('FORBIDDEN', { code: 'SESSION_NOT_FRESH', message: 'Session is not fresh' });
}
