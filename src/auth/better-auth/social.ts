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

interface ProviderUser {
  /** The id at this server; none for a new user. */
  readonly id?: string | undefined;
  readonly emailVerified?: boolean | undefined;
}

/**
 * Why a person who has signed in at a provider is not accepted; undefined if the person is.
 *
 * @param asksForCodes whether the sign-in with a password asks for the second factor
 */
export async function refusalOf(
  database: IssuerDatabase,
  asksForCodes: boolean,
  { id, emailVerified }: ProviderUser,
  source: { readonly method: string; readonly action: string },
) {
  if (source.method !== 'oauth') return undefined;
  if (source.action !== 'sign-in' && !emailVerified) {
    return { error: 'email_not_verified', errorDescription: 'The provider has not confirmed the e-mail address.' };
  }
  if (!asksForCodes || id === undefined || !(await hasSecondFactor(database, id))) return undefined;
  return { error: 'second_factor_required', errorDescription: 'Sign in with the password and the second factor.' };
}

async function hasSecondFactor(database: IssuerDatabase, userId: string): Promise<boolean> {
  const { rows } = await database.query<{ two_factor_enabled: boolean | null }>(
    'select two_factor_enabled from todo_auth."user" where id = $1',
    [userId],
  );
  return rows[0]?.two_factor_enabled === true;
}

interface NewAccount extends Record<string, unknown> {
  readonly providerId: string;
}

/** The account to store: without the tokens of the provider, because this server does not use them. */
export async function accountToStore(account: NewAccount) {
  if (account.providerId === 'credential') return undefined;
  const tokens = { accessToken: null, refreshToken: null, idToken: null };
  const details = { accessTokenExpiresAt: null, refreshTokenExpiresAt: null, scope: null };
  return { data: { ...account, ...tokens, ...details } };
}
