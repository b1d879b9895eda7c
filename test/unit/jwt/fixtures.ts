/** Fixtures of the verifier tests: a fixed time, valid claims, verifiers, and assertions for rejections. */
import { expect } from 'vitest';
import { createJwksCache } from '../../../src/auth/jwt/jwks-cache.ts';
import { createSharedSecretKeys } from '../../../src/auth/jwt/shared-secret.ts';
import { createVerifier, type TokenVerifier } from '../../../src/auth/jwt/verifier.ts';
import { ProblemError } from '../../../src/problems/problem.ts';

/** The current time in all these tests: whole seconds since 1970. */
export const now = 1_800_000_000;

export const issuer = 'https://issuer.example';
export const audience = 'https://api.example';

/** Valid claims with `changes`. An undefined member is removed. */
export function claims(changes: object = {}): object {
  return { iss: issuer, aud: audience, sub: 'user-1', iat: now - 60, exp: now + 840, ...changes };
}

export const everyAlgorithm = [
  'EdDSA',
  'ES256',
  'ES384',
  'ES512',
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
] as const;

/** A verifier for the keys of this JWK Set, with `EdDSA, ES256, RS256` by default. */
export function verifierFor(jwks: unknown, algorithms: readonly string[] = ['EdDSA', 'ES256', 'RS256']): TokenVerifier {
  const keys = createJwksCache(async () => jwks);
  return createVerifier({ keys, algorithms, issuer, audience, clock: () => now * 1000 });
}

export const secret = 'a shared secret of more than 32 bytes';

export function secretVerifier(clock: () => number = () => now * 1000): TokenVerifier {
  return createVerifier({
    keys: createSharedSecretKeys(secret),
    algorithms: ['HS256'],
    issuer: null,
    audience: null,
    clock,
  });
}

/** Expects a 401 with its challenge and a matching reason, so that a test of one rule does not pass by another one. */
export async function expectRefused(
  verification: Promise<unknown>,
  reason: RegExp | string = /./,
  code: 'token_invalid' | 'token_expired' = 'token_invalid',
): Promise<void> {
  const problem = await problemOf(verification);
  expect({ code: problem.code, status: problem.status }).toEqual({ code, status: 401 });
  expect(problem.headers).toEqual({ 'WWW-Authenticate': 'Bearer error="invalid_token"' });
  expect(problem.reason).toMatch(reason);
  // The message of a parser must not carry a part of the token into the log.
  expect(problem.cause).toBeUndefined();
}

/** Expects a 503 with `Retry-After`. */
export async function expectUnavailable(verification: Promise<unknown>): Promise<void> {
  const problem = await problemOf(verification);
  expect({ code: problem.code, status: problem.status }).toEqual({
    code: 'identity_provider_unavailable',
    status: 503,
  });
  expect(problem.headers['Retry-After']).toMatch(/^([1-9]|[12]\d|30)$/);
}

async function problemOf(verification: Promise<unknown>): Promise<ProblemError> {
  const outcome = await verification.then(
    (value) => ({ value }),
    (error: unknown) => error,
  );
  if (!(outcome instanceof ProblemError)) expect.fail(`not a problem but ${JSON.stringify(outcome)} ${outcome}`);
  return outcome;
}
