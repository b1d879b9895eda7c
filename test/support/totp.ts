/** Codes of an authenticator app, for the secret of an `otpauth:` URI (RFC 6238, RFC 4648). */
import { createHmac } from 'node:crypto';
import { noteSecret } from './log-scan.ts';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** The current code, or the one that is valid this number of time steps later. The server also accepts the next one. */
export function codeOf(uri: string, later = 0): string {
  const secret = new URL(uri).searchParams.get('secret') ?? '';
  noteSecret(secret);
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + later));
  const digest = createHmac('sha1', fromBase32(secret)).update(counter).digest();
  const offset = (digest.at(-1) as number) & 0xf;
  return String((digest.readUInt32BE(offset) & 0x7f_ff_ff_ff) % 1_000_000).padStart(6, '0');
}

/** A code that is not valid now. */
export function wrongCodeOf(uri: string): string {
  return String((Number(codeOf(uri)) + 500_000) % 1_000_000).padStart(6, '0');
}

function fromBase32(text: string): Buffer {
  const bits = [...text].map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, '0')).join('');
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}
