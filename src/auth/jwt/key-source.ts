/** The interface between the token verifier and its sources of keys. */
import type { KeyObject } from 'node:crypto';

/** A key that signatures are verified with. */
export interface VerificationKey {
  readonly kid: string | null;
  /** The algorithm that the key names, or all algorithms of its type. */
  readonly algorithms: readonly string[];
  /** A public key or a symmetric key. */
  readonly material: KeyObject;
}

/** A published key that is not used, and the rule that it breaks. */
export interface RejectedKey {
  readonly kid: string | null;
  readonly reason: string;
}

/** A set of keys that may change while the server runs. A key that stays in the set stays the same object. */
export interface KeySource {
  /** The current keys. The first call fetches them. Rejects with `identity_provider_unavailable`. */
  get(): readonly VerificationKey[] | Promise<readonly VerificationKey[]>;
  /**
   * The keys after a new fetch, for a token with an unknown key; the current keys during the cooldown. Rejects with
   * `identity_provider_unavailable` if the fetch failed, because the key may exist.
   */
  refresh(): Promise<readonly VerificationKey[]>;
}

/** The result of a fetch, for the log and the metrics. */
export type KeyEvent =
  | { readonly type: 'keys_fetched'; readonly usable: number; readonly unused: readonly RejectedKey[] }
  | { readonly type: 'keys_fetch_failed'; readonly error: unknown; readonly retryInMs: number };
