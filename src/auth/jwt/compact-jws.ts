/** The compact serialisation of a signed token (RFC 7515, 7.1), read to the letter. */

import { isJsonObject, type JsonObject, parseStrictJson } from '../../json/strict-json.ts';
import { assertToken } from './errors.ts';

export interface CompactJws {
  /** As it was sent; `readHeader` reads it. */
  readonly header: string;
  /** Not verified yet. */
  readonly payload: Uint8Array;
}

/** Takes a token apart. Throws `token_invalid` for one that is not exactly as RFC 7515 has it. */
export function parseCompactJws(token: string): CompactJws {
  const parts = token.split('.');
  assertToken(parts.length === 3, 'a token must have three parts (RFC 7515, 7.1)');
  const [header, payload, signature] = parts as [string, string, string];
  decodeCanonicalBase64url(signature);
  return { header, payload: decodeCanonicalBase64url(payload) };
}

/** The header of a token. Throws `token_invalid` where it is not exactly as RFC 7515 has it. */
export function decodeHeader(header: string): JsonObject {
  const bytes = decodeCanonicalBase64url(header);
  return parseJsonObject(bytes, 'the header must be a JSON object without repeated members (RFC 7515, 4)');
}

/** The JSON object in these bytes. Throws `token_invalid` naming `rule` where there is none. */
export function parseJsonObject(bytes: Uint8Array, rule: string): JsonObject {
  let value: unknown;
  try {
    value = parseStrictJson(bytes);
  } catch {
    // The parser's message quotes the token, which must not reach a log.
  }
  assertToken(isJsonObject(value), rule);
  return value;
}

/**
 * The bytes of a base64url text (RFC 4648, 5). Throws `token_invalid` for an empty or sloppy one. Encoding them again must
 * give the same text: padding, white space, foreign characters and stray bits at the end would make two tokens of one.
 */
function decodeCanonicalBase64url(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64url');
  const isCanonical = text !== '' && bytes.toString('base64url') === text;
  assertToken(isCanonical, 'each part must be canonical base64url, not empty (RFC 7515, 2; RFC 4648, 3.5)');
  return bytes;
}
