/** A user in the log: the same one each time, and not by name. */
import { hash } from 'node:crypto';

/**
 * The first 12 hexadecimal digits of SHA-256 over `todo-api:` and the user's id.
 *
 * It stays the same through restarts and on every server, so that lines can be put together, and whoever has the id
 * can compute it in a shell when a user asks for help: `printf 'todo-api:%s' "$ID" | sha256sum | cut -c1-12`. A key
 * would forbid the second, and not every mode has a secret that could be one. So it is a pseudonym and no more: whoever
 * can guess an id can check the guess. The prefix keeps it apart from what others have hashed.
 */
export function pseudonymize(userId: string): string {
  return hash('sha256', `todo-api:${userId}`, 'hex').slice(0, 12);
}

/** Of so many users the hashes are remembered: to make one takes longer than the rest of a line. */
const maxCached = 10_000;

/** `userHash` with a memory. */
export function createPseudonymizer(): typeof pseudonymize {
  const remembered = new Map<string, string>();
  return (userId) => {
    let found = remembered.get(userId);
    if (found === undefined) {
      if (remembered.size >= maxCached) remembered.clear();
      found = pseudonymize(userId);
      remembered.set(userId, found);
    }
    return found;
  };
}
