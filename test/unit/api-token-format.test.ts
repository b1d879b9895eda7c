/** The format of API tokens: what secret scanners recognize, and what the server rejects without a look-up. */
import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { expect, test } from 'vitest';
import {
  apiTokenPattern,
  apiTokenPrefix,
  createApiToken,
  hasTag,
  parseApiToken,
} from '../../src/auth/api-tokens/format.ts';

const id = '0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4d';
const key = randomBytes(32);

test('a token has its id, its secret, and a checksum of both', () => {
  const { token, secret } = createApiToken(id, key);
  expect(token).toMatch(new RegExp(`^${apiTokenPattern}$`));
  expect(token.startsWith(`${apiTokenPrefix(id)}_${secret}_`)).toBe(true);
  const parts = parseApiToken(token);
  expect(parts).toEqual({ id, secret });
  expect(parts && hasTag(parts, key)).toBe(true);
});

test('two tokens have different secrets, also with the same id', () => {
  const secrets = Array.from({ length: 100 }, () => createApiToken(id, key).secret);
  expect(new Set(secrets).size).toBe(100);
});

test('the checksum is the CRC-32 in base 62', () => {
  const { token } = createApiToken(id, key);
  const [, text = '', checksum = ''] = /^(.*)_(.*)$/.exec(token) ?? [];
  const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
  const value = [...checksum].reduce((sum, digit) => sum * 62 + digits.indexOf(digit), 0);
  expect(value).toBe(crc32(text));
});

test('every truncation, every additional character and every changed character is rejected', () => {
  const { token } = createApiToken(id, key);
  for (let length = 0; length < token.length; length += 1) {
    expect(parseApiToken(token.slice(0, length))).toBeUndefined();
    expect(parseApiToken(token.slice(length + 1))).toBeUndefined();
    for (const other of ['a', '0', 'Z', '_', ' ']) {
      if (other !== token[length]) {
        expect(parseApiToken(token.slice(0, length) + other + token.slice(length + 1))).toBeUndefined();
      }
    }
  }
  for (const changed of [
    `${token} `,
    ` ${token}`,
    `${token}\n`,
    `${token}_`,
    token.toUpperCase(),
    `${token}${token}`,
  ]) {
    expect(parseApiToken(changed)).toBeUndefined();
  }
});

test('a token with another key, or with the tag of another id, is not one of this database', () => {
  const other = '0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4e';
  for (const forged of [createApiToken(id, randomBytes(32)).token, createApiToken(id, new Uint8Array()).token]) {
    const parts = parseApiToken(forged);
    expect(parts?.id).toBe(id);
    expect(parts && hasTag(parts, key)).toBe(false);
  }
  const { secret } = createApiToken(other, key);
  expect(hasTag({ id, secret }, key)).toBe(false);
});
