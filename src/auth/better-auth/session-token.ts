/** The session token of a request: Better Auth sends it signed, in a cookie or as a bearer token. */
import { createHmac, timingSafeEqual } from 'node:crypto';

/** Maximum length of a token with its signature. Better Auth's are shorter. */
const maxLength = 256;

/** Where Better Auth looks for the session, and the secret that signs it. */
export interface SessionKey {
  readonly cookie: string;
  readonly secret: string;
}

/** @param publicUrl Better Auth gives its cookies the prefix of RFC 6265bis, section 4.1.3.1, if the server has TLS */
export function sessionKey(publicUrl: string, secret: string): SessionKey {
  const prefix = publicUrl.startsWith('https:') ? '__Secure-' : '';
  return { cookie: `${prefix}better-auth.session_token`, secret };
}

/**
 * The session token of a request, without its signature; null without a token, or if the signature is not valid. The
 * function does not query the database, so the session may have ended.
 */
export function sessionTokenOf(headers: Headers, key: SessionKey): string | null {
  return sessionOf(headers, key)?.token ?? null;
}

/**
 * Removes every session from the headers, except for the one of `sessionTokenOf`. Better Auth reads headers in other ways, such
 * as cookies in quotation marks. It could use another session than the limits and the rules of this server.
 */
export function keepOneSession(headers: Headers, key: SessionKey): void {
  const session = sessionOf(headers, key);
  const cookies = cookiesOf(headers)
    .filter(({ name }) => name !== key.cookie)
    .map(({ pair }) => pair);
  if (session && !session.isBearer) cookies.push(`${key.cookie}=${session.signed}`);
  setOrDelete(headers, 'cookie', cookies.join('; '));
  setOrDelete(headers, 'authorization', session?.isBearer ? `Bearer ${session.signed}` : '');
}

interface Session {
  readonly token: string;
  /** The token with its signature, as it was sent. */
  readonly signed: string;
  readonly isBearer: boolean;
}

/** Better Auth prefers a valid bearer token to the cookie. */
function sessionOf(headers: Headers, { cookie, secret }: SessionKey): Session | null {
  const [, bearer = ''] = /^bearer +(\S+)$/i.exec(headers.get('authorization') ?? '') ?? [];
  const ofBearer = verifiedToken(bearer, secret);
  if (ofBearer !== null) return { token: ofBearer, signed: bearer, isBearer: true };
  const signed = cookiesOf(headers).find(({ name }) => name === cookie)?.value ?? '';
  const token = verifiedToken(signed, secret);
  return token === null ? null : { token, signed, isBearer: false };
}

/** The cookies of a request, in their order (RFC 6265, section 4.2.1). */
function cookiesOf(headers: Headers): { readonly pair: string; readonly name: string; readonly value: string }[] {
  const pairs = (headers.get('cookie') ?? '').split(';').map((pair) => pair.trim());
  return pairs.filter(Boolean).map((pair) => {
    const [name = '', ...value] = pair.split('=');
    return { pair, name: name.trim(), value: value.join('=').trim() };
  });
}

function setOrDelete(headers: Headers, name: string, value: string): void {
  if (value === '') headers.delete(name);
  else headers.set(name, value);
}

/** @param signed `<token>.<base64 of its HMAC-SHA256>`, percent-encoded; may be empty */
function verifiedToken(signed: string, secret: string): string | null {
  if (signed.length > maxLength) return null;
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
