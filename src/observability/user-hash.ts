/** Pseudonyms of users for the log and the traces. */
import { hash } from 'node:crypto';

/**
 * The first 12 hexadecimal digits of SHA-256 over `todo-api:` and the user id.
 *
 * It is the same on every server and after a restart, so that log lines can be correlated. An operator who has the id
 * can compute it in a shell: `printf 'todo-api:%s' "$ID" | sha256sum | cut -c1-12`. A keyed hash would prevent this,
 * and not every mode has a secret. It is a pseudonym and not anonymous: a guessed id can be checked. The prefix makes
 * the hash useless for comparison with other systems.
 */
export function pseudonymize(userId: string): string {
  return hash('sha256', `todo-api:${userId}`, 'hex').slice(0, 12);
}
