/** The keys of the issuer inside this server. */
import type { KeySource } from './key-source.ts';
import { createRefreshingKeys, type RefreshOptions } from './refreshing-keys.ts';

/**
 * A key source that takes its JWK Set from a function, with the same rules and the same patience as for one elsewhere:
 * another process on the same database may rotate the keys, and forged tokens must not become queries.
 */
export function createLocalKeys(load: () => Promise<unknown>, options: RefreshOptions = {}): KeySource {
  return createRefreshingKeys(load, options);
}
