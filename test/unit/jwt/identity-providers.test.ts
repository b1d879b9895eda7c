/** The settings of docs/identity-providers.md, with tokens that have the header and the claims of each provider. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createConfiguredVerifiers } from '../../../src/auth/create-verifier.ts';
import { type Environment, loadConfig } from '../../../src/config/load.ts';
import type { Principal } from '../../../src/principal.ts';
import { type JwksServer, startJwksServer } from '../../support/jwks-server.ts';
import { makeIssuer } from '../../support/tokens.ts';
import { samples } from './provider-tokens.ts';

const document = readFileSync(join(import.meta.dirname, '..', '..', '..', 'docs', 'identity-providers.md'), 'utf8');

/** The rows of the table with this first column, without code marks. */
function rowsOf(head: string): string[][] {
  const [, table = ''] = new RegExp(`^\\| ${head} \\|.*\\n\\| --- .*\\n((?:\\|.*\\n)+)`, 'm').exec(document) ?? [];
  return table
    .trim()
    .split('\n')
    .map((row) =>
      row
        .slice(2, -2)
        .split(' | ')
        .map((cell) => cell.replaceAll('`', '')),
    );
}

const now = Math.floor(Date.now() / 1000);
const times = { iat: now - 10, exp: now + 3_600 };

const rows = rowsOf('Provider');
let server: JwksServer;

beforeAll(async () => {
  server = await startJwksServer();
});

afterAll(() => server.close());

test('every provider of the document has sample tokens', () => {
  expect(rows.map(([name]) => name)).toEqual(Object.keys(samples));
});

/** Generating an RSA key takes some tenths of a second. */
const signers = { RS256: makeIssuer({ algorithm: 'RS256' }), ES256: makeIssuer({ algorithm: 'ES256' }) };

describe.each(rows)('%s', (name, jwksUrl, issuer, audience) => {
  const documented: Environment = {
    AUTH_MODE: 'jwks',
    AUTH_JWKS_URL: jwksUrl,
    AUTH_ISSUER: issuer,
    AUTH_AUDIENCE: audience,
  };

  test('fetches the keys at the exact URL', () => {
    expect(loadConfig(documented).auth).toMatchObject({ jwksUrl });
  });

  test.each((samples[name as string] ?? []).map((sample) => [Object.keys(sample.claims).join(', '), sample] as const))(
    'tokens with %s',
    async (_claims, { claims, header = {}, key = {}, algorithm = 'RS256', scopes = null }) => {
      const signer = signers[algorithm];
      server.serve({ keys: [{ ...signer.jwk, ...key }, encryptionKey] });
      const verify = (changes: object, environment: Environment = {}): Promise<Principal> => {
        const config = loadConfig({ ...documented, AUTH_JWKS_URL: server.url, ...environment });
        const token = signer.sign({ ...times, ...claims, ...changes }, header);
        return createConfiguredVerifiers(
          config,
          null,
          () => {},
          () => {},
        ).api.verify(token);
      };
      const { sub } = claims as { sub: string };
      await expect(verify({})).resolves.toMatchObject({ userId: sub, scopes });

      // Issuer and audience are confused most often.
      const { iss } = claims as { iss: string };
      const other = iss.endsWith('/') ? iss.slice(0, -1) : `${iss}/`;
      await expect(verify({ iss: other })).rejects.toMatchObject({
        code: 'token_invalid',
        mismatch: { claim: 'iss', received: other, configured: issuer },
      });
      const wrong = 'https://another-api.example';
      await expect(verify({}, { AUTH_AUDIENCE: wrong })).rejects.toMatchObject({
        code: 'token_invalid',
        mismatch: { claim: expect.stringMatching(/^(aud|client_id)$/), configured: wrong },
      });
      if (audience !== '*') await expect(verify({ aud: wrong })).rejects.toMatchObject({ code: 'token_invalid' });
    },
  );
});

/** Keys that Keycloak and others publish in addition to the signing keys. */
const encryptionKey = { ...signers.RS256.jwk, kid: 'encryption', use: 'enc', alg: 'RSA-OAEP' };

describe('without aud', () => {
  const config = loadConfig({
    AUTH_MODE: 'jwks',
    AUTH_JWKS_URL: 'https://id.example',
    AUTH_ISSUER: '*',
    AUTH_AUDIENCE: 'todo',
  });
  const verify = async (claims: object) => {
    server.serve(signers.ES256.jwks);
    const auth = { ...config.auth, jwksUrl: server.url } as typeof config.auth;
    const verifier = createConfiguredVerifiers(
      { ...config, auth },
      null,
      () => {},
      () => {},
    );
    return verifier.api.verify(signers.ES256.sign({ ...times, sub: 'ada', ...claims }));
  };

  test.each([
    {},
    { client_id: 'todo' },
    { client_id: 'todo', token_use: 'id' },
    { client_id: 'web', token_use: 'access' },
    { client_id: ['todo', 1], token_use: 'access' },
    { client_id: 'todo', token_use: 'access', aud: 'other' },
    { client_id: 'todo', token_use: 'access', aud: null },
    { azp: 'todo' },
  ])('%j is rejected if an audience is configured', async (claims) => {
    await expect(verify(claims)).rejects.toMatchObject({ code: 'token_invalid' });
  });

  test('client_id is the audience of an access token of Cognito', async () => {
    await expect(verify({ client_id: 'todo', token_use: 'access' })).resolves.toMatchObject({ userId: 'ada' });
  });
});
