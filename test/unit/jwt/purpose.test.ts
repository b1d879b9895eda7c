/** Objects that Better Auth signs with the same key for other purposes are rejected. */
import { createEmailVerificationToken } from 'better-auth/api';
import { signJWT, symmetricEncodeJWT } from 'better-auth/crypto';
import { describe, expect, test } from 'vitest';
import { makeIssuer, signWithSecret } from '../../support/tokens.ts';
import { audience, claims, expectRefused, issuer, now, secret, secretVerifier, verifierFor } from './fixtures.ts';

/** The cookie content of `session.cookieCache` with the strategy "jwt". */
const sessionCache = {
  session: { id: 's', token: 't', userId: 'user-1', expiresAt: '2027-01-16T00:00:00.000Z' },
  user: { id: 'user-1', email: 'user@example.com' },
  updatedAt: now * 1000,
  version: '1',
};

describe('issuers with a JWKS', () => {
  const signer = makeIssuer();
  const verifier = verifierFor(signer.jwks);

  test('the session cookie of jwt({ sessionCookieCache: true }) is rejected', async () => {
    const typ = 'better-auth.session-cache+jwt';
    const cookie = claims({ ...sessionCache, sid: 't', aud: 'better-auth:session-cache' });
    await expectRefused(verifier.verify(signer.sign(cookie, { typ })), /^typ must be/);
    // Each of the two properties alone is sufficient.
    await expectRefused(verifier.verify(signer.sign(cookie)), /^aud must be/);
    await expectRefused(verifier.verify(signer.sign(claims(), { typ })), /^typ must be/);
  });

  test.each([
    'logout+jwt',
    'dpop+jwt',
    'secevent+jwt',
    'JWTX',
    'jwt ',
    '',
    'application/',
    'text/jwt',
    null,
    1,
    ['JWT'],
  ])('typ %j is rejected', async (typ) => {
    await expectRefused(verifier.verify(signer.sign(claims(), { typ })), /^typ must be/);
  });
});

describe('the shared secret of Better Auth', () => {
  // Better Auth uses the system time.
  const verifier = secretVerifier(Date.now);
  const inAnHour = { exp: Math.floor(Date.now() / 1000) + 3_600 };

  test('a token for this API is accepted', async () => {
    await expect(verifier.verify(await signJWT({ sub: 'user-1' }, secret))).resolves.toMatchObject({
      userId: 'user-1',
      scopes: null,
    });
  });

  test('the session cookie of the strategy "jwt" is rejected', async () => {
    await expectRefused(verifier.verify(await signJWT(sessionCache, secret, 300)), /^sub must be/);
  });

  test('the tokens of e-mail links are rejected', async () => {
    for (const token of [
      await createEmailVerificationToken(secret, 'user@example.com'),
      await createEmailVerificationToken(secret, 'user@example.com', 'new@example.com', 3_600, {
        requestType: 'change-email-verification',
      }),
    ]) {
      await expectRefused(verifier.verify(token), /^sub must be/);
    }
  });

  test('the encrypted session cookie of the strategy "jwe" is rejected', async () => {
    const cookie = await symmetricEncodeJWT(sessionCache, secret, 'better-auth-session', 300);
    await expectRefused(verifier.verify(cookie), /three parts/);
  });

  test('a typ of another purpose is rejected', async () => {
    const token = signWithSecret(
      secret,
      { iss: issuer, aud: audience, sub: 'user-1', ...inAnHour },
      { typ: 'reset+jwt' },
    );
    await expectRefused(verifier.verify(token), /^typ must be/);
  });
});
