/** Rules for new passwords, in addition to Better Auth's own. */
import { validationFailed } from '../../problems/problem.ts';
import { passwordLength } from './password-length.ts';
import type { PasswordOwner } from './password-strength.ts';

let strengthCheck: Promise<(password: string, owner: PasswordOwner) => string | null> | undefined;

/** The estimator with its dictionaries, which is loaded for the first new password. */
function loadStrengthCheck() {
  strengthCheck ??= import('./password-strength.ts').then(({ createStrengthCheck }) => createStrengthCheck());
  return strengthCheck;
}

/** Whether Better Auth accepts the length. */
export function hasAllowedLength(password: string): boolean {
  return password.length >= passwordLength.min && password.length <= passwordLength.max;
}

/**
 * Rejects a password that is easy to guess. Better Auth rejects those of another length.
 *
 * @param field the field of the body that has the password
 * @throws ProblemError 422
 */
export async function requireStrength(password: string, owner: PasswordOwner, field: string): Promise<void> {
  if (!hasAllowedLength(password)) return;
  const checkStrength = await loadStrengthCheck();
  const weakness = checkStrength(password, owner);
  if (weakness) throw validationFailed([{ in: 'body', pointer: `/${field}`, message: weakness }]);
}
