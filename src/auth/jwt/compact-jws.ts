/** Strict parser of the JWS compact serialization (RFC 7515, 7.1). */
import { isJsonObject, type JsonObject, parseStrictJson } from '../../json/strict-json.ts';
import { assertToken } from './errors.ts';

export interface CompactJws {
  /** Still encoded; see `decodeHeader`. */
  readonly header: string;
  /** Decoded, but not verified. */
  readonly payload: Uint8Array;
}

/** Splits a token. Throws `token_invalid` unless it conforms exactly to RFC 7515. */
export function parseCompactJws(token: string): CompactJws {
  const parts = token.split('.');
  assertToken(parts.length === 3, 'a token must have three parts (RFC 7515, 7.1)');
  const [header, payload, signature] = parts as [string, string, string];
  decodeCanonicalBase64url(signature);
  return { header, payload: decodeCanonicalBase64url(payload) };
}

/** Decodes the header of a token. Throws `token_invalid` unless it conforms exactly to RFC 7515. */
export function decodeHeader(header: string): JsonObject {
  const bytes = decodeCanonicalBase64url(header);
  return parseJsonObject(bytes, 'the header must be a JSON object without repeated members (RFC 7515, 4)');
}

/** Parses a JSON object. Throws `token_invalid` with `rule` for any other value. */
export function parseJsonObject(bytes: Uint8Array, rule: string): JsonObject {
  let value: unknown;
  try {
    value = parseStrictJson(bytes);
  } catch {
    // The message of the parser quotes the token, which must not be logged.
  }
  assertToken(isJsonObject(value), rule);
  return value;
}

/**
 * Decodes a base64url text (RFC 4648, 5). Throws `token_invalid` if it is empty or not canonical: encoding the bytes again
 * must give the same text. Otherwise padding, white space, other characters and trailing bits give one token two forms.
 */
function decodeCanonicalBase64url(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64url');
  const isCanonical = text !== '' && bytes.toString('base64url') === text;
  assertToken(isCanonical, 'each part must be canonical base64url, not empty (RFC 7515, 2; RFC 4648, 3.5)');
  return bytes;
}
