/** Sign-in with Google and GitHub: which accounts are created and linked, and what is stored. */
import type { EmbeddedAuth } from '../../config/config.ts';
import type { IssuerDatabase } from './issuer-database.ts';

/** Maximum time for the requests to a provider, in milliseconds. No connection to the database is held meanwhile. */
export const providerTimeoutMs = 10_000;

/**
 * Options of Better Auth. An account of a provider is linked to the user with the same address only if both have confirmed it.
 * Otherwise an attacker could sign up with the address of another person first, and keep the password.
 */
export function socialOptions(providers: EmbeddedAuth['providers']) {
  return {
    socialProviders: { ...providers },
    account: {
      accountLinking: { enabled: true, trustedProviders: [], requireLocalEmailVerified: true },
      // The state of a sign-in is in an encrypted cookie. A row would have to be deleted before the requests to the provider,
      // in a transaction that holds a connection.
      storeStateStrategy: 'cookie' as const,
      updateAccountOnSignIn: false,
    },
  };
}

/** Why the user of a provider is not accepted; undefined if it is. */
export function refusalOf(
  user: { readonly emailVerified?: boolean | undefined },
  source: { readonly method: string; readonly action: string },
) {
  if (source.method !== 'oauth' || source.action === 'sign-in' || user.emailVerified) return undefined;
  return { error: 'email_not_verified', errorDescription: 'The provider has not confirmed the e-mail address.' };
}

interface NewAccount extends Record<string, unknown> {
  readonly providerId: string;
  readonly userId: string;
}

/**
 * The account to store: without the tokens of the provider, because this server does not use them.
 *
 * @returns false for a user with a second factor, which the new sign-in would skip
 */
export async function accountToStore(database: IssuerDatabase, account: NewAccount) {
  if (account.providerId === 'credential') return undefined;
  const { rows } = await database.query<{ two_factor_enabled: boolean | null }>(
    'select two_factor_enabled from todo_auth."user" where id = $1',
    [account.userId],
  );
  if (rows[0]?.two_factor_enabled) return false;
  const tokens = { accessToken: null, refreshToken: null, idToken: null };
  const details = { accessTokenExpiresAt: null, refreshTokenExpiresAt: null, scope: null };
  return { data: { ...account, ...tokens, ...details } };
}
