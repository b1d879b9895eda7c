/** The canonical form of a token. */
import { describe, expect, test, vi } from 'vitest';
import { createVerifier } from '../../../src/auth/jwt/verifier.ts';
import { makeIssuer } from '../../support/tokens.ts';
import { claims, expectRefused, verifierFor } from './fixtures.ts';

const issuer = makeIssuer();
const verifier = verifierFor(issuer.jwks);
const token = issuer.sign(claims());
const [header = '', payload = '', signature = ''] = token.split('.');

describe('a token that is not canonical is rejected', () => {
  test('the canonical token is accepted', () => expect(verifier.verify(token)).resolves.toBeTruthy());

  test.each([' ', '\t', '\n', '\r\n', '=', '==', '\0', '%20', '~', 'é'])(
    '%j before, behind or inside',
    async (text) => {
      await expectRefused(verifier.verify(text + token));
      await expectRefused(verifier.verify(token + text));
      await expectRefused(verifier.verify(`${header}${text}.${payload}.${signature}`));
      await expectRefused(verifier.verify(`${header}.${text}${payload}.${signature}`));
      await expectRefused(verifier.verify(`${header}.${payload}${text}.${signature}`));
      await expectRefused(verifier.verify(`${header}.${payload}.${text}${signature}`));
    },
  );

  test('padding as in base64', async () => {
    const pad = (part: string) => part.padEnd(Math.ceil(part.length / 4) * 4, '=');
    await expectRefused(verifier.verify(`${header}.${payload}.${pad(signature)}`), /canonical base64url/);
  });

  test('the alphabet of base64', async () => {
    // The signature covers this text, so that only the alphabet is wrong.
    const other = issuer.sign(claims({ note: '???>>>~~~' }));
    expect(other.split('.')[1]).toMatch(/[-_]/);
    const classic = other.replaceAll('-', '+').replaceAll('_', '/');
    await expectRefused(verifier.verify(classic), /canonical base64url/);
  });

  test('a last character with unused bits set', async () => {
    // 64 bytes are 86 characters, and four bits of the last one are unused.
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const index = alphabet.indexOf(signature.at(-1) ?? '');
    for (let stray = 1; stray < 16; stray += 1) {
      const sloppy = `${token.slice(0, -1)}${alphabet[index + stray]}`;
      expect(Buffer.from(sloppy.split('.')[2] ?? '', 'base64url')).toEqual(Buffer.from(signature, 'base64url'));
      await expectRefused(verifier.verify(sloppy), /canonical base64url/);
    }
  });

  test.each([
    ['no parts', ''],
    ['one part', header],
    ['two parts', `${header}.${payload}`],
    ['four parts', `${token}.${signature}`],
    ['five parts', `${header}.${payload}.${signature}.${signature}.${signature}`],
    ['a full stop at the end', `${token}.`],
    ['a full stop in front', `.${token}`],
  ])('%s', async (_, text) => {
    await expectRefused(verifier.verify(text), /three parts/);
  });

  test.each([
    ['header', `.${payload}.${signature}`],
    ['payload', `${header}..${signature}`],
    ['signature', `${header}.${payload}.`],
    ['everything', '..'],
  ])('an empty %s', async (_, text) => {
    await expectRefused(verifier.verify(text), /not empty/);
  });

  test('the JSON serialization', async () => {
    await expectRefused(verifier.verify(JSON.stringify({ protected: header, payload, signature })), /three parts/);
  });
});

describe('a token over 8 kB is rejected before any cryptography', () => {
  /** A valid token of exactly this many characters, if base64url has this length. */
  const tokenOf = (length: number): string => {
    for (let filling = length / 2; ; filling += 1) {
      const long = issuer.sign(claims({ note: 'x'.repeat(filling) }));
      if (long.length >= length) return long;
    }
  };

  test('8,192 bytes are accepted', async () => {
    const long = tokenOf(8_192);
    expect(long).toHaveLength(8_192);
    await expect(verifier.verify(long)).resolves.toBeTruthy();
  });

  test('above the limit the keys are not fetched', async () => {
    const keys = { get: vi.fn(), refresh: vi.fn() };
    const blind = createVerifier({ keys, algorithms: ['EdDSA'], issuer: null, audience: null });
    await expectRefused(blind.verify(tokenOf(8_193)), /8,192 bytes/);
    await expectRefused(blind.verify('x'.repeat(10_000_000)), /8,192 bytes/);
    expect(keys.get).not.toHaveBeenCalled();
    expect(keys.refresh).not.toHaveBeenCalled();
  });
});
