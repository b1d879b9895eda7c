/** What the verifier knows of keys, wherever they come from. */
import type { KeyObject } from 'node:crypto';

/** One key that signatures may be verified with. */
export interface VerificationKey {
  readonly kid: string | null;
  /** What the key may be used with: the one algorithm that it names, or those that its type allows. */
  readonly algorithms: readonly string[];
  /** A public key or a secret. */
  readonly material: KeyObject;
}

/** A key that was published and is not used, and the rule that it breaks. */
export interface RejectedKey {
  readonly kid: string | null;
  readonly reason: string;
}

/** A set of keys that may change while the server runs. A key that stays in the set stays the same object. */
export interface KeySource {
  /** The keys at hand, fetched first where there are none. Rejects with `identity_provider_unavailable`. */
  get(): readonly VerificationKey[] | Promise<readonly VerificationKey[]>;
  /**
   * The keys after another look, for a token whose key is not among the current ones; the current ones again where the
   * last look was a moment ago. Throws `identity_provider_unavailable` where looking failed: the key may exist.
   */
  refresh(): Promise<readonly VerificationKey[]>;
}

/** What happened to a key source, for the log. */
export type KeyEvent =
  | { readonly type: 'keys_fetched'; readonly usable: number; readonly unused: readonly RejectedKey[] }
  | { readonly type: 'keys_fetch_failed'; readonly error: unknown; readonly retryInMs: number };
