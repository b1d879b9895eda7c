/** The token cache: it changes the speed and never the result of a verification. */
import { createSecretKey } from 'node:crypto';
import { describe, expect, test, vi } from 'vitest';
import { checkClaims } from '../../src/auth/jwt/claims.ts';
import { parseJwks } from '../../src/auth/jwt/jwks.ts';
import type { KeySource, VerificationKey } from '../../src/auth/jwt/key-source.ts';
import { createVerifier, type VerificationOutcome, type VerifiedJwt } from '../../src/auth/jwt/verifier.ts';
import { createTokenCache } from '../../src/auth/token-cache.ts';
import { makeIssuer } from '../support/tokens.ts';
import { audience, claims, expectRefused, issuer, now } from './jwt/fixtures.ts';

const start = now * 1000;
const key: VerificationKey = { kid: 'a', algorithms: ['HS256'], material: createSecretKey(Buffer.alloc(32)) };
const verified: VerifiedJwt = {
  principal: { userId: 'user-1', scopes: null, expiresAt: start + 600_000 },
  key,
  characters: 100,
};

describe('an entry', () => {
  test('expires after a minute', () => {
    const cache = createTokenCache<VerifiedJwt>();
    cache.store('token', verified, start);
    expect(cache.lookup('token', start + 59_999)).toBe(verified);
    expect(cache.lookup('token', start + 60_000)).toBeUndefined();
  });

  test('expires with the token', () => {
    const cache = createTokenCache<VerifiedJwt>();
    cache.store('token', { ...verified, principal: { ...verified.principal, expiresAt: start + 1_000 } }, start);
    expect(cache.lookup('token', start + 999)).toBeDefined();
    expect(cache.lookup('token', start + 1_000)).toBeUndefined();
  });

  test('belongs to one token', () => {
    const cache = createTokenCache<VerifiedJwt>();
    cache.store('token', verified, start);
    expect(cache.lookup('token ', start)).toBeUndefined();
    expect(cache.lookup('', start)).toBeUndefined();
  });
});

describe('the size is bounded', () => {
  /** The number of the last tokens that are cached after storing `count` tokens. */
  function cachedCount(count: number, token: VerifiedJwt): number {
    const cache = createTokenCache<VerifiedJwt>();
    const digests = Array.from({ length: count }, (_, index) => String(index));
    for (const digest of digests) cache.store(digest, token, start);
    const found = digests.map((digest) => cache.lookup(digest, start) !== undefined);
    const cached = found.filter(Boolean).length;
    expect(found.slice(-cached).every(Boolean)).toBe(true);
    return cached;
  }

  test.each([
    ['by the number of tokens', verified, 5_000],
    ['by their length', { ...verified, characters: 8_192 }, 1_024],
  ])('%s, and the oldest are removed first', (_, token, max) => {
    expect(cachedCount(max, token)).toBe(max);
    expect(cachedCount(2 * max, token)).toBe(2 * max);
    expect(cachedCount(2 * max + 1, token)).toBe(max + 1);
    expect(cachedCount(5 * max, token)).toBe(2 * max);
  });
});

describe('a verifier', () => {
  const signer = makeIssuer();

  function setUp() {
    let time = start;
    const { keys } = parseJwks(signer.jwks);
    const source = { get: vi.fn(async () => keys), refresh: vi.fn(async () => keys) } satisfies KeySource;
    const rules = { keys: source, algorithms: ['EdDSA'], issuer, audience };
    const outcomes: VerificationOutcome[] = [];
    return {
      source,
      outcomes,
      verifier: createVerifier({ ...rules, clock: () => time, onOutcome: (outcome) => outcomes.push(outcome) }),
      /** A verifier with an empty cache. */
      fresh: () => createVerifier({ ...rules, clock: () => time }),
      advance(milliseconds: number) {
        time += milliseconds;
      },
    };
  }

  test('verifies a token that it has verified less than a minute ago from its cache', async () => {
    const { verifier, outcomes, advance } = setUp();
    const token = signer.sign(claims());
    const first = await verifier.verify(token);
    advance(59_999);
    await expect(verifier.verify(token)).resolves.toBe(first);
    advance(1);
    await expect(verifier.verify(token)).resolves.toEqual(first);
    expect(outcomes).toEqual(['verified', 'cache_hit', 'verified']);
  });

  test('gives the same result for a cached and an uncached token', async () => {
    const { verifier, fresh, advance } = setUp();
    const token = signer.sign(claims({ exp: now }));
    await verifier.verify(token);
    advance(29_999);
    await expect(verifier.verify(token)).resolves.toEqual(await fresh().verify(token));
    advance(1);
    await expectRefused(verifier.verify(token), /^exp/, 'token_expired');
    await expectRefused(fresh().verify(token), /^exp/, 'token_expired');
  });

  test('rejects a cached token after its key was removed', async () => {
    const { verifier, source } = setUp();
    const token = signer.sign(claims());
    await verifier.verify(token);
    source.get.mockResolvedValue([]);
    source.refresh.mockResolvedValue([]);
    await expectRefused(verifier.verify(token), /^the key must be known/);
  });

  test('does not cache a rejected token', async () => {
    const { verifier, advance } = setUp();
    const token = signer.sign(claims({ nbf: now + 31 }));
    await expectRefused(verifier.verify(token), /^nbf/);
    advance(1_000);
    await expect(verifier.verify(token)).resolves.toBeTruthy();
  });
});

test('a token expires at exp plus the leeway', () => {
  const payload = Buffer.from(JSON.stringify(claims({ exp: now + 10 })));
  expect(checkClaims(payload, { issuer, audience }, start).expiresAt).toBe((now + 40) * 1000);
});
