/** Rules for the claims of a token with a valid signature. */
import { describe, expect, test } from 'vitest';
import { createJwksCache } from '../../../src/auth/jwt/jwks-cache.ts';
import { createVerifier } from '../../../src/auth/jwt/verifier.ts';
import { makeIssuer } from '../../support/tokens.ts';
import { audience, claims, expectRefused, issuer, now, verifierFor } from './fixtures.ts';

const signer = makeIssuer();
const verifier = verifierFor(signer.jwks);
const header = JSON.stringify({ alg: signer.algorithm, kid: signer.kid });

const verify = (changes: object) => verifier.verify(signer.sign(claims(changes)));
/** For JSON that `JSON.stringify` cannot produce. */
const verifyText = (payload: string | Uint8Array, headerText = header) =>
  verifier.verify(signer.signText(headerText, payload));
const withMember = (member: string) => `${JSON.stringify(claims()).slice(0, -1)},${member}}`;

describe('times', () => {
  test('a token without exp is rejected', () => expectRefused(verify({ exp: undefined }), /^exp must be a number/));

  test.each([String(now + 60), null, true, [now + 60], {}])('exp %j is rejected', async (exp) => {
    await expectRefused(verify({ exp }), /^exp must be a number/);
  });

  test.each(['1e400', '-1e400'])('%s is refused as exp, nbf and iat', async (number) => {
    for (const name of ['exp', 'nbf', 'iat']) {
      const text = JSON.stringify({ ...claims(), [name]: 0 }).replace(`"${name}":0`, `"${name}":${number}`);
      await expectRefused(verifyText(text), new RegExp(`^${name} must be a number`));
    }
  });

  test('a token is valid until 30 s after exp', async () => {
    await expect(verify({ exp: now - 29 })).resolves.toBeTruthy();
    await expect(verify({ exp: now - 29.9 })).resolves.toBeTruthy();
    await expectRefused(verify({ exp: now - 30 }), /^exp must not be past/, 'token_expired');
    await expectRefused(verify({ exp: now - 31 }), /^exp must not be past/, 'token_expired');
    await expectRefused(verify({ exp: 0 }), /^exp must not be past/, 'token_expired');
    await expectRefused(verify({ exp: -1 }), /^exp must not be past/, 'token_expired');
  });

  test('nbf can be 30 s in the future', async () => {
    await expect(verify({ nbf: now + 30 })).resolves.toBeTruthy();
    await expectRefused(verify({ nbf: now + 31 }), /^nbf must not be ahead/);
  });

  test('iat can be 60 s in the future', async () => {
    await expect(verify({ iat: now + 60 })).resolves.toBeTruthy();
    await expectRefused(verify({ iat: now + 61 }), /^iat must not be ahead/);
  });

  test('nbf and iat are optional, and of no other type', async () => {
    await expect(verify({ nbf: undefined, iat: undefined })).resolves.toBeTruthy();
    for (const value of ['0', null, true, [0]]) {
      await expectRefused(verify({ nbf: value }), /^nbf must be a number/);
      await expectRefused(verify({ iat: value }), /^iat must be a number/);
    }
  });

  test('only a token that breaks no other rule is reported as expired', async () => {
    await expectRefused(verify({ exp: now - 100, aud: 'https://other.example' }), /^aud must be/);
    const impostor = makeIssuer({ kid: signer.kid });
    await expectRefused(verifier.verify(impostor.sign(claims({ exp: now - 100 }))), /^the signature must verify/);
  });
});

describe('issuer and audience', () => {
  test.each(['https://evil.example', `${issuer}/`, issuer.toUpperCase(), '', null, 1, [issuer], undefined])(
    'iss %j is rejected',
    async (iss) => {
      await expectRefused(verify({ iss }), /^iss must be/);
    },
  );

  test.each([
    'https://other.example',
    `${audience}/`,
    '',
    null,
    1,
    [],
    ['https://other.example'],
    [[audience]],
    undefined,
  ])('aud %j is rejected', async (aud) => {
    await expectRefused(verify({ aud }), /^aud must be/);
  });

  test.each([{ aud: { 0: audience } }, { aud: [audience, 1] }, { aud: [audience, null] }])(
    '%j is rejected',
    async (change) => {
      await expectRefused(verify(change), /^aud must be/);
    },
  );

  test('aud can be an array with the configured audience', async () => {
    await expect(verify({ aud: ['https://other.example', audience] })).resolves.toBeTruthy();
  });

  test('neither is compared if it is not configured', async () => {
    const keys = createJwksCache(async () => signer.jwks);
    const lax = createVerifier({ keys, algorithms: ['EdDSA'], issuer: null, audience: null, clock: () => now * 1000 });
    await expect(lax.verify(signer.sign(claims({ iss: undefined, aud: [] })))).resolves.toBeTruthy();
  });
});

describe('sub', () => {
  test.each([undefined, null, 1, true, {}, ['user-1'], { sub: 'user-1' }])('%j is rejected', async (sub) => {
    await expectRefused(verify({ sub }), /^sub must be a string/);
  });

  test.each(['', 'x'.repeat(256), '😀'.repeat(256)])('of a wrong length is rejected', async (sub) => {
    await expectRefused(verify({ sub }), /^sub must have 1 to 255/);
  });

  test.each(['a\0', '\ud800', 'a\udc00b', '\udc00\ud800'])('%j is rejected', async (sub) => {
    await expectRefused(verify({ sub }), /^sub must be a string/);
  });

  test.each(['x', 'x'.repeat(255), '😀'.repeat(255), ' ', "'; drop table tasks; --", '__proto__', 'é', 'e\u0301'])(
    '%j is accepted as it is',
    async (sub) => {
      await expect(verify({ sub })).resolves.toMatchObject({ userId: sub, scopes: null });
    },
  );
});

describe('JSON that two parsers can read differently', () => {
  test.each([
    '"sub":"user-1"',
    '"sub":"user-2"',
    '"\\u0073ub":"user-2"',
    '"exp":1e400',
    '"x":1,"x":1',
    '"x":[{"y":1,"y":2}]',
  ])('the repeated claim %s is rejected', async (member) => {
    await expectRefused(verifyText(withMember(member)), /without repeated members/);
  });

  test.each(['"alg":"EdDSA"', '"kid":"x"', '"\\u0061lg":"none"', '"x":{"y":1,"y":1}'])(
    'the repeated header member %s is rejected',
    async (member) => {
      const text = `${header.slice(0, -1)},${member}}`;
      await expectRefused(verifyText(JSON.stringify(claims()), text), /^the header must be .* without repeated/);
    },
  );

  test('members of one name in different objects are accepted', async () => {
    await expect(
      verifyText(withMember('"x":{"sub":1,"y":{"sub":2}},"z":[{"a":1},{"a":1}],"s":"\\"sub\\":{"')),
    ).resolves.toBeTruthy();
  });

  test.each(['', 'null', '1', '"text"', '[]', '[{}]', 'true', 'sub=user-1', '{', '{"sub":1}}', "{'sub':1}"])(
    'the payload %j is rejected',
    async (payload) => {
      await expectRefused(verifyText(payload));
    },
  );

  test.each(['null', '[]', '"EdDSA"', '{"alg":"EdDSA"', '{"alg":"EdDSA",}'])(
    'the header %j is rejected',
    async (text) => {
      await expectRefused(verifyText(JSON.stringify(claims()), text), /^the header must be a JSON object/);
    },
  );

  test('a byte order mark and bytes that are not UTF-8 are rejected', async () => {
    const good = Buffer.from(JSON.stringify(claims()));
    const marked = Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), good]);
    await expectRefused(verifyText(marked), /^the payload must be a JSON object/);
    const sloppy = Buffer.from(withMember('"name":"?"'));
    sloppy[sloppy.indexOf('?')] = 0xff;
    await expectRefused(verifyText(sloppy), /^the payload must be a JSON object/);
  });

  test('a member named __proto__ has no special meaning', async () => {
    const text = JSON.stringify(claims({ sub: undefined })).replace('{', '{"__proto__":{"sub":"user-1"},');
    await expectRefused(verifyText(text), /^sub must be a string/);
  });
});

describe('scope', () => {
  test.each([
    [undefined, null],
    ['tasks:read', ['tasks:read']],
    ['tasks:read tasks:write', ['tasks:read', 'tasks:write']],
    [' openid  tasks:read ', ['openid', 'tasks:read']],
    ['', []],
    [[], []],
    [['tasks:read'], ['tasks:read']],
    [
      ['openid', 'tasks:read tasks:write'],
      ['openid', 'tasks:read', 'tasks:write'],
    ],
  ])('%j gives %j, as scope and as scp', async (value, scopes) => {
    await expect(verify({ scope: value })).resolves.toMatchObject({ userId: 'user-1', scopes });
    await expect(verify({ scp: value })).resolves.toMatchObject({ userId: 'user-1', scopes });
  });

  test('the scopes of both claims are merged', async () => {
    const { scopes } = await verify({ scope: 'openid tasks:read', scp: ['tasks:read', 'tasks:write'] });
    expect(scopes).toEqual(['openid', 'tasks:read', 'tasks:write']);
    expect((await verify({ scope: '', scp: [] })).scopes).toEqual([]);
  });

  test.each([null, 1, [1], ['tasks:read', null], [['tasks:read']], {}, true])('%j is rejected', async (value) => {
    await expectRefused(verify({ scope: value }), /^scope must be a string/);
    await expectRefused(verify({ scp: value }), /^scp must be a string/);
  });
});
