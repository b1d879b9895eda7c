/** The memory of verified tokens: it may make an answer quicker, never another one. */
import { createSecretKey } from 'node:crypto';
import { describe, expect, test, vi } from 'vitest';
import { checkClaims } from '../../src/auth/verifier/claim-rules.ts';
import { readKeySet } from '../../src/auth/verifier/key-set.ts';
import type { KeySource, VerificationKey } from '../../src/auth/verifier/key-source.ts';
import { isMadeBy } from '../../src/auth/verifier/signature.ts';
import { createTokenCache, type VerifiedToken } from '../../src/auth/verifier/token-cache.ts';
import { createVerifier } from '../../src/auth/verifier/verifier.ts';
import { makeIssuer } from '../support/tokens.ts';
import { audience, claims, expectRefused, issuer, now } from './fixtures.ts';

vi.mock(import('../../src/auth/verifier/signature.ts'), { spy: true });

const start = now * 1000;
const key: VerificationKey = { kid: 'a', algorithms: ['HS256'], material: createSecretKey(Buffer.alloc(32)) };
const verified: VerifiedToken = { principal: { userId: 'user-1', scopes: null }, key, expiresAt: start + 600_000 };

describe('an entry', () => {
  test('is forgotten after a minute', () => {
    const cache = createTokenCache();
    cache.remember('token', verified, start);
    expect(cache.find('token', start + 59_999)).toBe(verified);
    expect(cache.find('token', start + 60_000)).toBeUndefined();
  });

  test('is forgotten when the token expires', () => {
    const cache = createTokenCache();
    cache.remember('token', { ...verified, expiresAt: start + 1_000 }, start);
    expect(cache.find('token', start + 999)).toBeDefined();
    expect(cache.find('token', start + 1_000)).toBeUndefined();
  });

  test('is for that token alone', () => {
    const cache = createTokenCache();
    cache.remember('token', verified, start);
    expect(cache.find('token ', start)).toBeUndefined();
    expect(cache.find('', start)).toBeUndefined();
  });
});

describe('the memory is bounded', () => {
  /** How many of these tokens are remembered, the last ones, and none before. */
  function rememberedAtTheEnd(cache: ReturnType<typeof createTokenCache>, tokens: readonly string[]): number {
    const found = tokens.map((token) => cache.find(token, start) !== undefined);
    const count = found.filter(Boolean).length;
    expect(found.slice(-count).every(Boolean)).toBe(true);
    return count;
  }

  test('by the number of tokens, the oldest going first', () => {
    const cache = createTokenCache();
    const tokens = Array.from({ length: 10_100 }, (_, index) => `token-${index}`);
    for (const token of tokens) cache.remember(token, verified, start);
    expect(rememberedAtTheEnd(cache, tokens)).toBe(10_000);
  });

  test('by their length', () => {
    const cache = createTokenCache();
    const tokens = Array.from({ length: 2_100 }, (_, index) => String(index).padEnd(8_192));
    for (const token of tokens) cache.remember(token, verified, start);
    expect(rememberedAtTheEnd(cache, tokens)).toBe(2_048);
    // What is remembered again does not count twice.
    for (let times = 0; times < 3_000; times += 1) cache.remember(tokens[2_099] ?? '', verified, start);
    expect(rememberedAtTheEnd(cache, tokens)).toBe(2_048);
  });
});

describe('a verifier', () => {
  const signer = makeIssuer();

  function setUp() {
    let time = start;
    const { keys } = readKeySet(signer.jwks);
    const source = { current: vi.fn(async () => keys), newer: vi.fn(async () => keys) } satisfies KeySource;
    const rules = { keys: source, algorithms: ['EdDSA'], issuer, audience };
    return {
      source,
      verifier: createVerifier({ ...rules, clock: () => time }),
      /** One that has seen nothing yet. */
      fresh: () => createVerifier({ ...rules, clock: () => time }),
      advance(milliseconds: number) {
        time += milliseconds;
      },
    };
  }

  test('verifies a token it knows without looking at the signature again', async () => {
    const verify = vi.mocked(isMadeBy).mockClear();
    const { verifier, advance } = setUp();
    const token = signer.sign(claims());
    const first = await verifier.verify(token);
    expect(verify).toHaveBeenCalledTimes(1);
    advance(59_999);
    await expect(verifier.verify(token)).resolves.toBe(first);
    expect(verify).toHaveBeenCalledTimes(1);
    advance(1);
    await expect(verifier.verify(token)).resolves.toEqual(first);
    expect(verify).toHaveBeenCalledTimes(2);
  });

  test('answers for a token it knows as for one it does not', async () => {
    const { verifier, fresh, advance } = setUp();
    const token = signer.sign(claims({ exp: now }));
    await verifier.verify(token);
    advance(29_999);
    await expect(verifier.verify(token)).resolves.toEqual(await fresh().verify(token));
    advance(1);
    await expectRefused(verifier.verify(token), /^exp/, 'token_expired');
    await expectRefused(fresh().verify(token), /^exp/, 'token_expired');
  });

  test('refuses a token it knows when its key is gone', async () => {
    const { verifier, source } = setUp();
    const token = signer.sign(claims());
    await verifier.verify(token);
    source.current.mockResolvedValue([]);
    source.newer.mockResolvedValue([]);
    await expectRefused(verifier.verify(token), /^the key must be known/);
  });

  test('remembers no token that was refused', async () => {
    const { verifier, advance } = setUp();
    const token = signer.sign(claims({ nbf: now + 31 }));
    await expectRefused(verifier.verify(token), /^nbf/);
    advance(1_000);
    await expect(verifier.verify(token)).resolves.toBeTruthy();
  });
});

test('the end of a token is its exp and the leeway', () => {
  const payload = Buffer.from(JSON.stringify(claims({ exp: now + 10 })));
  expect(checkClaims(payload, { issuer, audience }, start).expiresAt).toBe((now + 40) * 1000);
});
