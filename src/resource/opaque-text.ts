/** Opaque texts: encoded for clients, with a digest that detects changes. */
import { hash } from 'node:crypto';

/** In characters of base64url: a whole number of bytes. */
const digestLength = 16;

/**
 * Encodes a text. The digest is no secret, so a client can encode any text. The reader must check the content.
 *
 * @param purpose what the text belongs to; it is decoded for the same purpose only
 */
export function encodeOpaque(purpose: string, text: string): string {
  return digest(purpose, text) + Buffer.from(text).toString('base64url');
}

/** @returns undefined if the encoded text was changed or belongs to another purpose */
export function decodeOpaque(purpose: string, encoded: string): string | undefined {
  const bytes = Buffer.from(encoded.slice(digestLength), 'base64url');
  const text = bytes.toString();
  return encoded === digest(purpose, text) + bytes.toString('base64url') ? text : undefined;
}

function digest(purpose: string, text: string): string {
  return hash('sha256', `${purpose}\n${text}`, 'base64url').slice(0, digestLength);
}
