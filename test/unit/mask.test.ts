/** Masked credentials: in the printed configuration, in start-up errors and in the log. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { explainStartupError } from '../../src/cli/startup-errors.ts';
import { loadConfig } from '../../src/config/load.ts';
import { maskText, maskUrl } from '../../src/config/mask.ts';
import { printConfig } from '../../src/config/print.ts';
import { createLog } from '../../src/observability/log.ts';

/** Parts of passwords that end a component of a URL, or that encode one. */
const special = [
  '/',
  '@',
  ':',
  '?',
  '#',
  '&',
  '=',
  '%40',
  '%2F',
  '%',
  ' ',
  '"',
  "'",
  '+',
  ',',
  ';',
  '$',
  '[',
  ']',
  '\\',
  'é',
];

/** A password with a recognizable text before, between and after special characters. */
const password = fc
  .array(fc.constantFrom(...special), { minLength: 1, maxLength: 6 })
  .map((parts) => `hunter2${parts.join('hunter2')}hunter2`);

const urlNames = ['DATABASE_URL', 'DATABASE_DIRECT_URL', 'SMTP_URL'];

function expectMasked(environment: Record<string, string>): void {
  const printed = printConfig(environment);
  expect(printed).not.toContain('hunter');
  try {
    loadConfig(environment);
  } catch (error) {
    expect(explainStartupError(error)).not.toContain('hunter');
  }
}

test('client secrets and the login of the SMTP server are masked', () => {
  const printed = printConfig({
    GOOGLE_CLIENT_SECRET: 'hunter2',
    GITHUB_CLIENT_SECRET: 'hunter2',
    SMTP_URL: 'smtps://hunter2:hunter2@smtp.example.com',
  });
  expect(printed).not.toContain('hunter2');
  expect(printed).toContain('SMTP_URL=smtps://********@smtp.example.com  # environment');
  expect(printed).toContain('GITHUB_CLIENT_SECRET=********  # environment');
});

describe('no password is printed', () => {
  test.each([
    ['before the host', (text: string) => `postgres://user:${text}@db.example.com:5432/todo?sslmode=require`],
    ['before the host, encoded', (text: string) => `postgres://user:${encodeURIComponent(text)}@host/todo`],
    ['as a user', (text: string) => `postgres://${text}@host/todo`],
    ['after a port', (text: string) => `postgres://u:12/${text}@host/todo`],
    ...[
      'password',
      'sslpassword',
      'PASSWORD',
      'Pass',
      'pwd',
      'sslkey',
      'api_token',
      'client_secret',
      '%70assword',
      'x',
    ].map((name): [string, (text: string) => string] => [
      `as the parameter ${name}`,
      (text) => `postgres://user@host/todo?sslmode=require&${name}=${text}&application_name=todo`,
    ]),
    ['without a scheme', (text: string) => `user:${text}@host/todo`],
    ['with a misspelled scheme', (text: string) => `postgres:/user:${text}@host/todo`],
    ['with an invalid port', (text: string) => `postgres://user:${text}@host:port/todo`],
    ['in a connection string of libpq', (text: string) => `host=db user=todo password=${text}`],
    // Otherwise the text after the last "@" is the host.
    ['without a host', (text: string) => `postgres://user:${text.replaceAll('@', '!')}`],
  ])('%s', (_, url) => {
    fc.assert(
      fc.property(password, fc.constantFrom(...urlNames), (text, name) => {
        expectMasked({ [name]: url(text) });
      }),
      { numRuns: 500 },
    );
  });

  test.each(['AUTH_JWKS_URL', 'BETTER_AUTH_URL', 'PUBLIC_URL', 'CORS_ORIGINS'])('in %s', (name) => {
    fc.assert(
      fc.property(password, (text) => {
        expectMasked({ AUTH_MODE: 'jwks', [name]: `https://user:${text}@id.example.com/keys` });
        expectMasked({ AUTH_MODE: 'jwks', [name]: `https://id.example.com/keys?token=${text}` });
      }),
      { numRuns: 500 },
    );
  });
});

test.each([
  [
    'postgres://user:pw@db.example.com:5432/todo?sslmode=require',
    'postgres://********@db.example.com:5432/todo?sslmode=require',
  ],
  ['postgres://u:12/hunter2@host/db', 'postgres://********@host/db'],
  ['smtp://ada:hunter2@mail:1025?tls=optional', 'smtp://********@mail:1025?tls=optional'],
  [
    'postgres://host/db?user=u&PASSWORD=x&sslmode=disable',
    'postgres://host/db?user=u&PASSWORD=********&sslmode=disable',
  ],
  ['postgres://host/db?sslpassword=a#b', 'postgres://host/db?sslpassword=********#********'],
  ['postgres://u@h/db?password=a@b', 'postgres://********'],
  ['https://login.example.com/keys?appid=1', 'https://login.example.com/keys?appid=1'],
  ['postgres:///db?host=/tmp', 'postgres:///db?host=/tmp'],
])('%s becomes %s', (url, masked) => {
  expect(maskUrl(url)).toBe(masked);
});

test.each([
  ['connect to postgres://u:hunter2@h/d failed', 'connect to postgres://********@h/d failed'],
  ['two: http://a:hunter2@b/ and https://c:hunter2@d/', 'two: http://********@b/ and https://********@d/'],
  ['host=h password=hunter2 sslmode=require', 'host=h password=******** sslmode=require'],
  [`password='hunter2 hunter2' user=u`, 'password=******** user=u'],
  ['{"password":"hunter2 hunter2","x":1}', '{"password":********,"x":1}'],
  ['OTEL_EXPORTER_OTLP_HEADERS: api-key=hunter2hunter2', 'OTEL_EXPORTER_OTLP_HEADERS: api-key=********'],
  ['Authorization: Bearer hunter2.hunter2', 'Authorization: Bearer ********'],
  ['password authentication failed for user "todo"', 'password authentication failed for user "todo"'],
  ['Set sslmode=verify-full in DATABASE_URL.', 'Set sslmode=verify-full in DATABASE_URL.'],
])('in a message, %s becomes %s', (text, masked) => {
  expect(maskText(text)).toBe(masked);
});

test('messages of errors are masked in the log and at start', () => {
  const lines: string[] = [];
  const error = new Error('fetch https://user:hunter2@id.example.com/keys?token=hunter2 failed');
  createLog('info', { write: (line) => void lines.push(line) }).error({ err: error }, 'failed');
  expect(lines.join('')).toContain('id.example.com');
  expect(lines.join('')).not.toContain('hunter2');
  expect(explainStartupError(error)).not.toContain('hunter2');
});

test.each(['postgres://u:12/hunter2@host/db', 'postgres://u:12?hunter2@host/db', 'postgres://u:12#hunter2@host/db'])(
  'a password that ends the address is rejected with the fix: %s',
  (url) => {
    expect(() =>
      loadConfig({ DATABASE_URL: url, AUTH_MODE: 'embedded', BETTER_AUTH_SECRET: 'u5Vq2Zr8KxN0tWb7JmC4yHs9LdPg3EaF' }),
    ).toThrow(/^DATABASE_URL: write "\/", "\?", "#" and "&" in the user or the password as %2F, %3F, %23 and %26\.$/);
  },
);
