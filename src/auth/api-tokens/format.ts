/**
 * The format of API tokens: `tdo_<id>_<secret>_<checksum>`, which secret scanners recognize (`docs/api-tokens.md`).
 *
 * - The id is that of the token, 32 hexadecimal digits.
 * - The secret has 33 random characters (192 bits) and a tag of 11 characters.
 * - The checksum is the CRC-32 of all before it and its underscore.
 *
 * The tag authenticates the id and the random characters with a key of the database. So the server rejects invented tokens
 * without a statement.
 */
import { createHmac, hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';

const prefix = 'tdo_';

/** Numbers of characters. */
const lengths = { random: 33, tag: 11, checksum: 6 } as const;

const randomByteCount = 24;

/** The regular expression for secret scanners. */
export const apiTokenPattern = `${prefix}[0-9a-f]{32}_[0-9A-Za-z]{${lengths.random + lengths.tag}}_[0-9A-Za-z]{${lengths.checksum}}`;

const wellFormed = new RegExp(`^${apiTokenPattern}$`);

/** The parts of a token that identify and prove it. */
export interface ApiTokenParts {
  /** As a UUID with hyphens. */
  readonly id: string;
  readonly secret: string;
}

/** Whether a token is meant as an API token. The tokens of issuers begin with an encoded `{`, which is an `e`. */
export function isApiToken(token: string): boolean {
  return token.startsWith(prefix);
}

/** The beginning of the token with this id, which a user can compare with a token. It is not secret. */
export function apiTokenPrefix(id: string): string {
  return `${prefix}${id.replaceAll('-', '')}`;
}

/**
 * A new token.
 *
 * @param key the key of the tags
 */
export function createApiToken(id: string, key: Uint8Array): { readonly token: string; readonly secret: string } {
  const random = base62(`0x${randomBytes(randomByteCount).toString('hex')}`, lengths.random);
  const secret = random + tagOf(id, random, key);
  const unchecked = `${apiTokenPrefix(id)}_${secret}`;
  return { token: `${unchecked}_${checksumOf(unchecked)}`, secret };
}

/** The parts of a token; undefined unless it is well-formed and has the right checksum. */
export function parseApiToken(token: string): ApiTokenParts | undefined {
  const [, digits = '', secret = '', checksum = ''] = token.split('_');
  if (!wellFormed.test(token) || checksumOf(token.slice(0, -checksum.length - 1)) !== checksum) return undefined;
  return { id: digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'), secret };
}

/** Whether a token was created with this key. */
export function hasTag({ id, secret }: ApiTokenParts, key: Uint8Array): boolean {
  const tag = tagOf(id, secret.slice(0, lengths.random), key);
  return timingSafeEqual(Buffer.from(tag), Buffer.from(secret.slice(lengths.random)));
}

/** What the database stores of a secret: SHA-256 in hexadecimal form. Secrets are random, so a slow hash adds nothing. */
export function hashOf(secret: string): string {
  return hash('sha256', secret, 'hex');
}

function tagOf(id: string, random: string, key: Uint8Array): string {
  const mac = createHmac('sha256', key).update(`${id} ${random}`).digest('hex');
  return base62(`0x${mac.slice(0, 16)}`, lengths.tag);
}

function checksumOf(text: string): string {
  return base62(crc32(text), lengths.checksum);
}

const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** A number in base 62, padded with zeros. */
function base62(number: number | string, length: number): string {
  let rest = BigInt(number);
  let text = '';
  for (let index = 0; index < length; index += 1) {
    text = digits[Number(rest % 62n)] + text;
    rest /= 62n;
  }
  return text;
}
