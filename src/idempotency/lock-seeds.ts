/**
 * Seeds of the advisory locks, one per purpose. A lock is a hash of a text, so locks of two purposes with one seed would
 * wait for each other if a user chose the text of the other purpose. Servers of different versions share the locks:
 * never change or reuse a seed.
 *
 * The locks of migrations and of the first signing key are fixed numbers.
 */
export const lockSeeds = {
  /** The key of a request: the user id, a space and the key. A key has no space, so two pairs never have one text. */
  idempotencyKey: 0,
  /** The turn of a user's writes: the user id. */
  turn: 1,
} as const;
