/** The session token of a request: Better Auth sends it signed, in a cookie or as a bearer token. */
import { createHmac, timingSafeEqual } from 'node:crypto';

/** Maximum length of a token with its signature. Better Auth's are shorter. */
const maxLength = 256;

/**
 * The session token of a request, without its signature; null without a token, or if the signature is not valid. The
 * function does not query the database, so the session may have ended.
 *
 * @param secret the secret of Better Auth
 */
export function sessionTokenOf(headers: Headers, secret: string): string | null {
  const [, bearer] = /^bearer +(\S+)$/i.exec(headers.get('authorization') ?? '') ?? [];
  const [, cookie] =
    /(?:^|; *)(?:__Secure-)?better-auth\.session_token=([^;]+)/.exec(headers.get('cookie') ?? '') ?? [];
  // Better Auth prefers a valid bearer token to the cookie.
  return verifiedToken(bearer, secret) ?? verifiedToken(cookie, secret);
}

/** @param signed `<token>.<base64 of its HMAC-SHA256>`, percent-encoded */
function verifiedToken(signed: string | undefined, secret: string): string | null {
  if (signed === undefined || signed.length > maxLength) return null;
  const [token = '', signature = ''] = decoded(signed).split('.');
  const expected = createHmac('sha256', secret).update(token).digest();
  const actual = Buffer.from(signature, 'base64');
  return actual.length === expected.length && timingSafeEqual(actual, expected) ? token : null;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
