/** Values as shells, Docker, Kubernetes and secret managers pass them, and values that are rejected. */
import { describe, expect, test } from 'vitest';
import { type Environment, loadConfig } from '../../src/config/load.ts';
import { printConfig } from '../../src/config/print.ts';
import { variableNames } from '../../src/config/variables.ts';

const secret = 'q7Jw0xkzV5mT2bYc9LrE4sHdN8uGfPa1';
const issuer = 'https://issuer.example/realms/a';

const shared = { AUTH_MODE: 'shared-secret', BETTER_AUTH_SECRET: secret, AUTH_ISSUER: issuer };

test.each<[from: string, (value: string) => string]>([
  ['echo | base64, kubectl create secret --from-file', (value) => `${value}\n`],
  ['a file of Windows', (value) => `${value}\r\n`],
  ['docker run --env-file with CRLF', (value) => `${value}\r`],
  ['set X=value && …', (value) => `${value} `],
  ['a web page', (value) => `\u00a0${value}\u00a0`],
  ['a file with a byte order mark', (value) => `\ufeff${value}`],
  ['a YAML block', (value) => `  ${value}\n\n`],
  ['docker run --env-file, set X="value"', (value) => `"${value}"`],
  ['docker run --env-file', (value) => `'${value}'`],
  ['docker run --env-file', (value) => `\`${value}\``],
  ['docker run --env-file with CRLF and quotes', (value) => `"${value}"\r`],
  ['quotes around white space', (value) => `" ${value}\n"`],
])('additions of %s around a value are ignored', (_from, wrap) => {
  const wrapped = Object.fromEntries(Object.entries(shared).map(([name, value]) => [name, wrap(value)]));
  expect(loadConfig(wrapped)).toEqual(loadConfig(shared));
  expect(loadConfig({ PORT: wrap('8080'), CORS_ORIGINS: wrap('https://a.example') })).toMatchObject({
    server: { port: 8080, corsOrigins: ['https://a.example'] },
  });
  expect(printConfig({ PORT: wrap('8080') })).toContain('PORT=8080  # environment\n');
});

test.each(['', ' ', '\n', '\r\n', '""', "''", '" "', '\ufeff'])('%j counts as not set', (value) => {
  expect(loadConfig(Object.fromEntries(variableNames.map((name) => [name, value])))).toEqual(loadConfig({}));
});

describe('an implausible value is rejected for every variable', () => {
  test.each<[string, RegExp]>([
    ['abc\ndef', /has a line break in it/],
    ['abc\r\ndef', /has a line break in it/],
    ['abc\tdef', /invisible character U\+0009/],
    ['abc\u0000def', /invisible character U\+0000/],
    ['abc\u001b[0mdef', /invisible character U\+001B/],
    ['abc\u00a0def', /invisible character U\+00A0/],
    ['abc\u200bdef', /invisible character U\+200B/],
    ['\u200babcdef', /invisible character U\+200B/],
    ['abcdef\u200b', /invisible character U\+200B/],
    ['abc\u200ddef', /invisible character U\+200D/],
    ['abc\u2060def', /invisible character U\+2060/],
    ['abc\u202edef', /invisible character U\+202E/],
    ['abc\u202fdef', /invisible character U\+202F/],
    ['abc\u00addef', /invisible character U\+00AD/],
    ['abc\ufeffdef', /invisible character U\+FEFF/],
    ['abc\u3000def', /invisible character U\+3000/],
    ['abc\u2028def', /invisible character U\+2028/],
    ['abc\ufffddef', /not valid UTF-8/],
    ['\u201cabcdef\u201d', /typographic/],
    ['\u2018abcdef\u2019', /typographic/],
    ['\u201eabcdef\u201c', /typographic/],
    ['\u00ababcdef\u00bb', /typographic/],
    ['undefined', /template had no value/],
    ['null', /template had no value/],
    ['None', /template had no value/],
    ['<nil>', /template had no value/],
    ['<no value>', /template had no value/],
    ['[object Object]', /template had no value/],
    ['$BETTER_AUTH_SECRET', /expression that was not replaced/],
    [`\${BETTER_AUTH_SECRET}`, /expression that was not replaced/],
    [`\${BETTER_AUTH_SECRET:?set it}`, /expression that was not replaced/],
    [`\${{ secrets.BETTER_AUTH_SECRET }}`, /expression that was not replaced/],
    ['{{ .Values.secret }}', /expression that was not replaced/],
    ['%BETTER_AUTH_SECRET%', /expression that was not replaced/],
    ['$(openssl rand -base64 32)', /expression that was not replaced/],
    ['<your-secret-of-at-least-32-characters>', /placeholder/],
    ['op://vault/todo-api/better-auth-secret', /unresolved reference to a secret/],
    ['vault:secret/data/todo#better-auth-secret', /unresolved reference to a secret/],
    ['ref+awsssm://todo/better-auth-secret', /unresolved reference to a secret/],
    ['@Microsoft.KeyVault(SecretUri=https://a.vault.azure.net/secrets/b)', /unresolved reference to a secret/],
    ['arn:aws:secretsmanager:eu-west-1:123456789012:secret:todo-api', /unresolved reference to a secret/],
    ['projects/123456/secrets/better-auth-secret/versions/latest', /unresolved reference to a secret/],
    ['encrypted:BDyb7gJ2XlKmQp0vT3RrY8sWcNfHaEzU', /it is encrypted/],
    ['ENC[AES256_GCM,data:Jw0xkzV5mT2bYc9LrE4sHdN8uGfPa1]', /it is encrypted/],
    ['tcp://10.96.0.17:9464', /Kubernetes sets it/],
  ])('%j', (value, fault) => {
    for (const name of ['BETTER_AUTH_SECRET', 'AUTH_ISSUER', 'AUTH_AUDIENCE']) {
      expect(faultsOf({ ...shared, [name]: value })).toEqual([
        expect.stringMatching(`^${name}: .*${fault.source}.*\\.$`),
      ]);
    }
    for (const name of ['HOST', 'ADMIN_PORT', 'DATABASE_URL', 'CORS_ORIGINS']) {
      const [first, ...others] = faultsOf({ [name]: value });
      expect(first).toMatch(new RegExp(`^${name}: .*${fault.source}`));
      expect(others).toEqual([]);
    }
  });

  test.each<[Environment, RegExp]>([
    [{ DATABASE_URL: `postgres://ada:\${PASSWORD}@h/d` }, /^DATABASE_URL: it has an expression/],
    [{ PUBLIC_URL: 'https://{{ .Values.host }}' }, /^PUBLIC_URL: it has an expression/],
    [{ DATABASE_URL: 'postgres://h/d # the main one' }, /^DATABASE_URL: it has a comment in it/],
    [{ HOST: '"127.0.0.1' }, /^HOST: it has an unmatched or typographic quote/],
    [{ DATABASE_URL: 'pglite:"./my data"' }, /^DATABASE_URL: it has an unmatched or typographic quote/],
    [{ PUBLIC_URL: 'https://api.example\u201d' }, /^PUBLIC_URL: it has an unmatched or typographic quote/],
  ])('%j', (environment, fault) => {
    const faults = faultsOf({ AUTH_MODE: 'jwks', BETTER_AUTH_URL: 'https://a.example', ...environment });
    expect(faults).toEqual([expect.stringMatching(fault)]);
  });

  test('no message quotes the value', () => {
    const value = 'hunter2hunter2hunter2hunter2hunter2\u200b';
    expect(faultsOf({ ...shared, BETTER_AUTH_SECRET: value }).join()).not.toContain('hunter2');
  });
});

test.each([
  `"${secret}`,
  `${secret}'`,
  `${secret} # ${secret}`,
  `a\${b}${secret}`,
  `$${secret} x`,
  `<${secret}`,
  `äöü${secret}–—€`,
  `correct horse battery staple ${secret}`,
])('a secret can have any visible characters: %s', (value) => {
  expect(loadConfig({ BETTER_AUTH_SECRET: value }).auth).toMatchObject({ mode: 'embedded', secret: value });
});

function faultsOf(environment: Environment): string[] {
  try {
    loadConfig(environment);
  } catch (error) {
    return (error as Error).message.split('\n');
  }
  return expect.fail('it must be refused');
}
