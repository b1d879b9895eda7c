/** Codes of an authenticator app (RFC 6238). Better Auth accepts each one as often as it is sent within its minute. */
import { createHmac } from 'node:crypto';
import { APIError } from 'better-auth/api';
import { symmetricDecrypt } from 'better-auth/crypto';
import type { IssuerDatabase } from './issuer-database.ts';
import { userIdOfSession } from './session-owner.ts';

const stepSeconds = 30;

/** The steps around the current one whose codes Better Auth accepts, the latest first. */
const offsets = [1, 0, -1];

/** What names the user of a code: a session, or else a sign-in that has begun. */
export interface CodeSender {
  /** The token of the session. */
  readonly sessionToken: string | null;
  /** Better Auth's name of the verification for the sign-in. */
  readonly signIn: string | null;
}

/**
 * Accepts a code once (RFC 6238, section 5.2). It records the time step of the code in the transaction of the request. So of
 * simultaneous requests with one code, one is accepted, and none if that one is rolled back.
 *
 * @param key the secret that encrypts the secrets of users
 * @returns false if the code is wrong, or if a code of its step or of a later one was accepted before
 * @throws APIError as `requireReadableFactor`
 */
export async function acceptCode(
  database: IssuerDatabase,
  sender: CodeSender,
  code: string,
  key: string,
): Promise<boolean> {
  const factor = await findSecret(database, sender);
  if (!factor) return false;
  const step = stepOf(await decrypt(factor, key), code, Date.now());
  return step !== undefined && (await recordStep(database, factor.user_id, step));
}

/**
 * Requires that this server can decrypt the second factor. Otherwise Better Auth would respond 500.
 *
 * @throws APIError 401 if the secret of this server has changed since the user set the second factor up
 */
export async function requireReadableFactor(database: IssuerDatabase, sender: CodeSender, key: string): Promise<void> {
  const factor = await findSecret(database, sender);
  if (factor) await decrypt(factor, key);
}

async function decrypt({ secret }: Factor, key: string): Promise<string> {
  try {
    return await symmetricDecrypt({ key, data: secret });
  } catch {
    throw new APIError('UNAUTHORIZED', {
      code: 'SECOND_FACTOR_UNREADABLE',
      message: 'The second factor cannot be decrypted',
    });
  }
}

interface Factor {
  readonly user_id: string;
  readonly secret: string;
}

async function findSecret(database: IssuerDatabase, { sessionToken, signIn }: CodeSender): Promise<Factor | undefined> {
  const { rows } = await database.query<Factor>(
    `select user_id, secret from todo_auth.two_factor where user_id = coalesce(
       ${userIdOfSession('$1')},
       (select value from todo_auth.verification where identifier = $2 and expires_at > now() limit 1))`,
    [sessionToken, signIn],
  );
  return rows[0];
}

/** The first statement locks the user, because other operations also lock the user before the second factor. */
async function recordStep(database: IssuerDatabase, userId: string, step: number): Promise<boolean> {
  const { rows } = await database.query(
    `with owner as materialized (select id from todo_auth."user" where id = $1 for no key update)
     update todo_auth.two_factor set last_used_step = $2
     where user_id = (select id from owner) and (last_used_step is null or last_used_step < $2)
     returning id`,
    [userId, step],
  );
  return rows.length > 0;
}

/**
 * The latest accepted time step (RFC 6238, section 4) with this code; undefined if the code is wrong.
 *
 * @param now milliseconds since 1970
 */
export function stepOf(secret: string, code: string, now: number): number | undefined {
  const current = Math.floor(now / 1000 / stepSeconds);
  return offsets.map((offset) => current + offset).find((step) => codeOf(secret, step) === code);
}

/** Six digits (RFC 4226, section 5.3). */
function codeOf(secret: string, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const digest = createHmac('sha1', secret).update(counter).digest();
  const offset = digest.readUInt8(digest.length - 1) & 0xf;
  return String((digest.readUInt32BE(offset) & 0x7f_ff_ff_ff) % 1_000_000).padStart(6, '0');
}
