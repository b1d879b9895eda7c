/** Signatures: only the private key can sign, regardless of the header. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { startJwksServer } from '../../support/jwks-server.ts';
import { base64url, joinToken, makeIssuer, signWithSecret } from '../../support/tokens.ts';
import { claims, everyAlgorithm, expectRefused, secret, secretVerifier, verifierFor } from './fixtures.ts';

const ed = makeIssuer({ algorithm: 'EdDSA' });
const ec = makeIssuer({ algorithm: 'ES256' });
const rsa = makeIssuer({ algorithm: 'RS256' });
const issuers = [ed, ec, rsa];
const jwks = { keys: issuers.map(({ jwk }) => jwk) };
const verifier = verifierFor(jwks);

const user = { userId: 'user-1', scopes: null };

describe('a valid token', () => {
  test.each(everyAlgorithm)('signed with %s is accepted', async (algorithm) => {
    const issuer = makeIssuer({ algorithm });
    await expect(verifierFor(issuer.jwks, [algorithm]).verify(issuer.sign(claims()))).resolves.toMatchObject(user);
  });

  test('signed with a shared secret is accepted', async () => {
    await expect(secretVerifier().verify(signWithSecret(secret, claims()))).resolves.toMatchObject(user);
  });

  test.each([undefined, 'JWT', 'jwt', 'at+jwt', 'AT+JWT', 'application/at+jwt', 'Application/JWT'])(
    'of the type %s is accepted',
    async (typ) => {
      await expect(verifier.verify(ed.sign(claims(), { typ }))).resolves.toMatchObject(user);
    },
  );

  test('with unknown header parameters is accepted', async () => {
    await expect(verifier.verify(ed.sign(claims(), { x5t: 'abc', note: 1 }))).resolves.toMatchObject(user);
  });
});

describe('a token without a signature is rejected', () => {
  for (const alg of [
    'none',
    'None',
    'NONE',
    'nOnE',
    '',
    null,
    undefined,
    ['EdDSA'],
    { alg: 'EdDSA' },
    'eddsa',
    'EdDSA ',
  ]) {
    test(`alg ${JSON.stringify(alg)}, with the original signature`, async () => {
      await expectRefused(verifier.verify(ed.sign(claims(), { alg })), /^alg must be a configured/);
    });
    test(`alg ${JSON.stringify(alg)}, with no signature`, async () => {
      const [header, payload] = ed.sign(claims(), { alg }).split('.');
      await expectRefused(verifier.verify(`${header}.${payload}.`), /^each part must be/);
      await expectRefused(verifier.verify(`${header}.${payload}`), /three parts/);
    });
  }

  test('a valid header with an empty signature', async () => {
    const [header, payload] = ed.sign(claims()).split('.');
    await expectRefused(verifier.verify(`${header}.${payload}.`), /^each part must be/);
  });
});

describe('HS256 with the issuer’s public key as the secret is rejected', () => {
  for (const issuer of issuers) {
    const { jwk, publicPem } = issuer;
    const number = String(jwk.x ?? jwk.n);
    const secrets = {
      'the number': number,
      'the bytes of the number': Buffer.from(number, 'base64url'),
      'the JWK': JSON.stringify(jwk),
      'the JWK Set': JSON.stringify(jwks),
      'the PEM': publicPem,
      'the PEM without its last newline': publicPem.trimEnd(),
    };
    for (const [name, bytes] of Object.entries(secrets)) {
      test(`${name} of ${issuer.algorithm}`, async () => {
        const token = signWithSecret(bytes, claims(), { kid: issuer.kid });
        await expectRefused(verifier.verify(token), /^alg must be a configured/);
        // Also if HS256 is configured, because the algorithm belongs to the key.
        await expectRefused(
          verifierFor(jwks, ['HS256', ...everyAlgorithm]).verify(token),
          /^alg must be the algorithm/,
        );
      });
    }
  }
});

describe('the key determines the algorithm', () => {
  test.each(['RS384', 'PS256', 'HS512', 'ES384'])('%s, which is not configured, is rejected', async (alg) => {
    await expectRefused(verifier.verify(rsa.sign(claims(), { alg })), /^alg must be a configured/);
  });

  test.each(['RS384', 'RS512', 'PS256'] as const)('%s by a key published for RS256 is rejected', async (algorithm) => {
    const other = makeIssuer({ algorithm });
    const document = { keys: [{ ...other.jwk, alg: 'RS256' }] };
    await expectRefused(
      verifierFor(document, everyAlgorithm).verify(other.sign(claims())),
      /^alg must be the algorithm/,
    );
  });

  test('a configured algorithm that is another key’s is rejected', async () => {
    await expectRefused(verifier.verify(ed.sign(claims(), { kid: ec.kid })), /^alg must be the algorithm/);
    await expectRefused(verifier.verify(rsa.sign(claims(), { alg: 'ES256' })), /^alg must be the algorithm/);
  });

  test('a key of an algorithm that is not configured is not used', async () => {
    await expectRefused(verifierFor(jwks, ['ES256']).verify(ed.sign(claims())), /^alg must be a configured/);
  });

  test('an RSA key without alg uses the only configured algorithm', async () => {
    const document = { keys: [{ ...rsa.jwk, alg: undefined }] };
    await expect(verifierFor(document).verify(rsa.sign(claims()))).resolves.toMatchObject(user);
    await expectRefused(
      verifierFor(document, ['RS256', 'PS256']).verify(rsa.sign(claims())),
      /^alg must be the algorithm/,
    );
  });

  test('an EC or OKP key without alg uses the algorithm of its curve', async () => {
    for (const issuer of [ec, ed]) {
      const document = { keys: [{ ...issuer.jwk, alg: undefined }] };
      await expect(verifierFor(document, everyAlgorithm).verify(issuer.sign(claims()))).resolves.toMatchObject(user);
    }
  });

  test('another key of the same type with the same kid is rejected', async () => {
    const impostor = makeIssuer({ algorithm: 'EdDSA', kid: ed.kid });
    await expectRefused(verifier.verify(impostor.sign(claims())), /^the signature must verify/);
  });

  test('another secret is rejected', async () => {
    await expectRefused(secretVerifier().verify(signWithSecret(`${secret}!`, claims())), /^the signature must verify/);
    await expectRefused(
      secretVerifier().verify(signWithSecret(secret, claims(), {}, 512)),
      /^alg must be a configured/,
    );
  });
});

describe('a token that contains its own key is rejected, and nothing is fetched', () => {
  test('jwk, jku, x5u, x5c', async () => {
    const server = await startJwksServer(ed.jwks);
    try {
      for (const member of [
        { jwk: ed.jwk },
        { jku: server.url },
        { x5u: server.url },
        { x5c: ['MIIB'] },
        { jwk: null },
      ]) {
        const [name] = Object.keys(member);
        await expectRefused(verifier.verify(ed.sign(claims(), member)), new RegExp(`^${name} must be absent`));
        await expectRefused(verifier.verify(ed.sign(claims(), { ...member, kid: undefined })), /must be absent/);
      }
      expect(server.requests).toBe(0);
    } finally {
      await server.close();
    }
  });
});

describe('an unknown kid is rejected', () => {
  const strings = [
    '../../dev/null',
    "' or 1=1 --",
    '__proto__',
    'constructor',
    '',
    'x'.repeat(256),
    `${ed.kid} `,
    '\0',
  ];
  test.each(strings)('%j', async (kid) => {
    await expectRefused(verifier.verify(ed.sign(claims(), { kid })), /^the key must be known/);
  });

  test.each(['x'.repeat(257), 1, null, true, [ed.kid], { kid: ed.kid }])('%j', async (kid) => {
    await expectRefused(verifier.verify(ed.sign(claims(), { kid })), /^kid must be a string/);
  });

  test('10 kB', async () => {
    await expectRefused(verifier.verify(ed.sign(claims(), { kid: 'x'.repeat(10_240) })), /8,192 bytes/);
  });

  test('a missing kid is accepted only if exactly one key fits the algorithm', async () => {
    await expect(verifier.verify(ed.sign(claims(), { kid: undefined }))).resolves.toMatchObject(user);
    const two = { keys: [ed.jwk, makeIssuer().jwk] };
    await expectRefused(verifierFor(two).verify(ed.sign(claims(), { kid: undefined })), /^kid must be present/);
  });

  test('a kid is rejected if the key has none', async () => {
    const document = { keys: [{ ...ed.jwk, kid: undefined }] };
    await expectRefused(verifierFor(document).verify(ed.sign(claims())), /^the key must be known/);
    await expect(verifierFor(document).verify(ed.sign(claims(), { kid: undefined }))).resolves.toMatchObject(user);
    await expectRefused(
      secretVerifier().verify(signWithSecret(secret, claims(), { kid: 'a' })),
      /^the key must be known/,
    );
  });
});

describe('a token with extensions is rejected', () => {
  test.each([['unknown'], ['b64'], ['exp'], [], 'exp', null, {}, 1])('crit %j', async (crit) => {
    await expectRefused(verifier.verify(ed.sign(claims(), { crit })), /^crit must be absent/);
  });

  test.each([false, true, null, 'false'])('b64 %j', async (b64) => {
    await expectRefused(verifier.verify(ed.sign(claims(), { b64 })), /^b64 must be absent/);
    await expectRefused(verifier.verify(ed.sign(claims(), { b64, crit: ['b64'] })), /^crit must be absent/);
  });
});

describe('a signature is valid only if it is exact', () => {
  const header = (algorithm: string, kid: string) => JSON.stringify({ alg: algorithm, kid });

  test.each([ec, makeIssuer({ algorithm: 'ES384' }), makeIssuer({ algorithm: 'ES512' })])(
    'r = s = 0 is rejected with $algorithm',
    async ({ algorithm, kid, jwk }) => {
      const length = { ES256: 64, ES384: 96, ES512: 132 }[algorithm as 'ES256'];
      const token = joinToken(header(algorithm, kid), JSON.stringify(claims()), () => new Uint8Array(length));
      await expectRefused(verifierFor({ keys: [jwk] }, everyAlgorithm).verify(token), /^the signature must verify/);
    },
  );

  test.each(everyAlgorithm)('wrong lengths are rejected with %s', async (algorithm) => {
    const { kid, jwks } = makeIssuer({ algorithm });
    const verifier = verifierFor(jwks, [algorithm]);
    for (const length of [1, 31, 32, 63, 64, 65, 96, 128, 255, 256, 257, 512]) {
      const token = joinToken(header(algorithm, kid), JSON.stringify(claims()), () => new Uint8Array(length).fill(1));
      await expectRefused(verifier.verify(token), /^the signature must verify/);
    }
  });

  test('a DER signature is rejected instead of r and s', async () => {
    const [head = '', payload = '', signature = ''] = ec.sign(claims()).split('.');
    const half = (bytes: Buffer) => Buffer.concat([Buffer.from([2, 33, 0]), bytes]);
    const raw = Buffer.from(signature, 'base64url');
    const der = Buffer.concat([Buffer.from([0x30, 70]), half(raw.subarray(0, 32)), half(raw.subarray(32))]);
    await expectRefused(verifier.verify(`${head}.${payload}.${base64url(der)}`), /^the signature must verify/);
  });

  test.each([ed, ec])('every truncation is rejected with $algorithm', async (issuer) => {
    const token = issuer.sign(claims());
    for (let length = 0; length < token.length; length += 1) {
      await expectRefused(verifier.verify(token.slice(0, length)));
    }
  });

  test.each([ed, ec, rsa])('every flipped character of the signature is rejected with $algorithm', async (issuer) => {
    const token = issuer.sign(claims());
    const start = token.lastIndexOf('.') + 1;
    for (let position = start; position < token.length; position += 1) {
      const flipped = token[position] === 'A' ? 'B' : 'A';
      await expectRefused(verifier.verify(token.slice(0, position) + flipped + token.slice(position + 1)));
    }
  });

  test('any other character anywhere is rejected', async () => {
    const token = ed.sign(claims());
    const alphabet = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \n\u00e9'];
    await fc.assert(
      fc.asyncProperty(fc.nat(token.length - 1), fc.constantFrom(...alphabet), async (position, character) => {
        fc.pre(token[position] !== character);
        await expectRefused(verifier.verify(token.slice(0, position) + character + token.slice(position + 1)));
      }),
      { numRuns: 400 },
    );
  });

  test('the parts of two valid tokens cannot be mixed', async () => {
    const [headerA, , signatureA] = ed.sign(claims()).split('.');
    const [, payloadB] = ed.sign(claims({ sub: 'user-2' })).split('.');
    await expectRefused(verifier.verify(`${headerA}.${payloadB}.${signatureA}`), /^the signature must verify/);
  });
});
