/** Rules for a secret, from a variable or from the file of the data directory. */
import { isWeakSecret } from './secret-strength.ts';

const minBytes = 32;

/** How to create a secret, on any operating system. */
export const secretAdvice =
  '`openssl rand -base64 32` prints a suitable value; without OpenSSL, `node -p "crypto.randomBytes(32).toString(\'base64\')"`';

/** @throws Error with the fix, which does not quote the secret */
export function secretText(text: string): string {
  if (Buffer.byteLength(text) < minBytes) throw new Error(`set it to at least ${minBytes} bytes; ${secretAdvice}`);
  if (isWeakSecret(text)) {
    throw new Error(
      `it can be guessed, because it is a published sample, a placeholder, or a repetition; ${secretAdvice}`,
    );
  }
  return text;
}
