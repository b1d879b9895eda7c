/** Cache for bearer tokens, because `getToken` is called before every request. */
import type { GetToken } from './connection.ts';

/** Seconds before the expiry at which a token is replaced. */
const marginSeconds = 30;

/** Milliseconds after which a call of `load` counts as lost, so that the next request calls it again. */
const maxLoadMs = 60_000;

/**
 * A function `getToken` that keeps a JWT until shortly before its expiry. Requests at the same time share one call of
 * `load`. A token that is no JWT is kept until the server rejects it.
 *
 * @param load gets a new token, for example from Better Auth's `GET /api/auth/token`; null if the user is not signed in
 */
export function cachedToken(load: () => Promise<string | null>): GetToken {
  let token: Promise<string | null>;
  let loadingUntil = 0;
  let expiresAt = 0;
  const reload = async () => {
    loadingUntil = Date.now() + maxLoadMs;
    expiresAt = 0;
    try {
      const loaded = await load();
      expiresAt = Date.now() + 1000 * (lifetimeOf(loaded) - marginSeconds);
      return loaded;
    } finally {
      loadingUntil = 0;
    }
  };
  return ({ refresh }) => {
    if (Date.now() >= loadingUntil && (refresh || Date.now() >= expiresAt)) token = reload();
    return token;
  };
}

/** Seconds. The difference of two claims does not depend on the clock of this device, which can be wrong. */
function lifetimeOf(token: string | null): number {
  if (token === null) return 0;
  try {
    const payload = token.split('.')[1] ?? '';
    const { exp, iat } = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/')));
    return exp - iat || Number.POSITIVE_INFINITY;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
