/** Pseudonyms of users for the log and the traces. */
import { hash } from 'node:crypto';
import { GenerationalCache } from '../runtime/generational-cache.ts';

/** Users whose pseudonyms are cached, at most twice as many. An entry has about 200 bytes. */
const cachedUsers = 5_000;

const pseudonyms = new GenerationalCache<string, string>();

/**
 * The first 12 hexadecimal digits of SHA-256 over `todo-api:` and the user id.
 *
 * It is the same on every server and after a restart, so that log lines can be correlated. An operator who has the id
 * can compute it in a shell: `printf 'todo-api:%s' "$ID" | sha256sum | cut -c1-12`. A keyed hash would prevent this,
 * and not every mode has a secret. It is a pseudonym and not anonymous: a guessed id can be checked. The prefix makes
 * the hash useless for comparison with other systems.
 *
 * The cache is worth its code (docs/decisions/020-cached-parts-of-log-lines.md).
 */
export function pseudonymize(userId: string): string {
  const cached = pseudonyms.get(userId);
  if (cached !== undefined) return cached;
  if (pseudonyms.size >= cachedUsers) pseudonyms.rotate();
  const pseudonym = hash('sha256', `todo-api:${userId}`, 'hex').slice(0, 12);
  pseudonyms.set(userId, pseudonym);
  return pseudonym;
}
