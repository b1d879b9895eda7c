/** The configuration: accepted values, messages for rejected values, and masked secrets. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readEnvironment } from '../../src/config/environment.ts';
import { ConfigError, type Environment, loadConfig } from '../../src/config/load.ts';
import { printConfig } from '../../src/config/print.ts';
import { variableNames } from '../../src/config/variables.ts';

const secret = 'q7Jw0xkzV5mT2bYc9LrE4sHdN8uGfPa1';

describe('the defaults', () => {
  test('need no variable', () => {
    expect(loadConfig({})).toMatchObject({
      server: {
        host: '127.0.0.1',
        port: 3000,
        publicUrl: 'http://localhost:3000',
        corsOrigins: [],
        shutdownTimeoutMs: 10_000,
      },
      database: {
        kind: 'pglite',
        directory: './.data',
        poolMax: 10,
        timeoutMs: 5_000,
        prepare: true,
        migrateOnStart: true,
      },
      auth: { mode: 'embedded', secret: null },
      log: { level: 'info' },
    });
  });

  test('apply to empty variables', () => {
    expect(loadConfig(Object.fromEntries(variableNames.map((name) => [name, ''])))).toEqual(loadConfig({}));
  });

  test('are frozen', () => {
    const config = loadConfig({ CORS_ORIGINS: 'https://a.example' });
    expect(() => Object.assign(config.server, { port: 1 })).toThrow(TypeError);
    expect(() => (config.server.corsOrigins as string[]).push('https://evil.example')).toThrow(TypeError);
  });
});

const otherIssuer = { AUTH_MODE: 'jwks', AUTH_JWKS_URL: 'https://id.example/keys' };
const app = { APP_URL: 'https://app.example.com/account/' };
const expectedClaims = { AUTH_ISSUER: 'https://id.example', AUTH_AUDIENCE: 'todo' };

test.each<[Environment, object]>([
  [{ PORT: '8080' }, { server: { port: 8080, publicUrl: 'http://localhost:8080' } }],
  [{ PUBLIC_URL: 'https://api.example.com/' }, { server: { publicUrl: 'https://api.example.com' } }],
  [
    { CORS_ORIGINS: 'https://a.example, http://localhost:5173,' },
    { server: { corsOrigins: ['https://a.example', 'http://localhost:5173'] } },
  ],
  [{ DATABASE_URL: 'pglite:memory', BETTER_AUTH_SECRET: secret }, { database: { kind: 'pglite', directory: null } }],
  [{ DATABASE_URL: 'pglite:/var/lib/todo' }, { database: { directory: '/var/lib/todo' } }],
  [
    { DATABASE_URL: 'postgres://u:p@h/d?sslmode=require', BETTER_AUTH_SECRET: secret },
    { database: { kind: 'postgres', directUrl: 'postgres://u:p@h/d?sslmode=require' } },
  ],
  [
    { DATABASE_URL: 'postgresql://pooler/d', DATABASE_DIRECT_URL: 'postgres://direct/d', BETTER_AUTH_SECRET: secret },
    { database: { url: 'postgresql://pooler/d', directUrl: 'postgres://direct/d' } },
  ],
  [
    { DATABASE_PREPARE: 'false', MIGRATE_ON_START: 'false', DATABASE_POOL_MAX: '1', DATABASE_TIMEOUT_MS: '100' },
    { database: { prepare: false, migrateOnStart: false, poolMax: 1, timeoutMs: 100 } },
  ],
  [{ BETTER_AUTH_SECRET: secret }, { auth: { mode: 'embedded', secret } }],
  [
    { AUTH_MODE: 'jwks', BETTER_AUTH_URL: 'https://app.example.com/' },
    {
      auth: {
        mode: 'jwks',
        jwksUrl: 'https://app.example.com/api/auth/jwks',
        issuer: 'https://app.example.com',
        audience: 'https://app.example.com',
        algorithms: ['EdDSA', 'ES256', 'RS256'],
      },
    },
  ],
  [
    { ...otherIssuer, AUTH_ISSUER: '*', AUTH_AUDIENCE: '*', AUTH_ALGORITHMS: 'RS256, PS256' },
    {
      auth: { jwksUrl: 'https://id.example/keys', issuer: null, audience: null, algorithms: ['RS256', 'PS256'] },
      warnings: [expect.stringMatching(/^AUTH_ISSUER is \*/), expect.stringMatching(/^AUTH_AUDIENCE is \*/)],
    },
  ],
  [
    { AUTH_MODE: 'jwks', BETTER_AUTH_URL: 'https://app.example.com', AUTH_AUDIENCE: 'todo', AUTH_ISSUER: 'other' },
    { auth: { issuer: 'other', audience: 'todo' } },
  ],
  [
    { AUTH_MODE: 'shared-secret', BETTER_AUTH_SECRET: secret, AUTH_ISSUER: 'app' },
    { auth: { mode: 'shared-secret', secret, issuer: 'app', audience: null } },
  ],
  [
    { ...otherIssuer, ...expectedClaims },
    { auth: { issuer: 'https://id.example', audience: 'todo' }, warnings: [] },
  ],
  ...['localhost', 'keys.localhost', '127.0.0.1', '127.1.2.3', '[::1]'].map((host): [Environment, object] => [
    { AUTH_MODE: 'jwks', BETTER_AUTH_URL: `http://${host}:3001` },
    { auth: { jwksUrl: `http://${host}:3001/api/auth/jwks` }, warnings: [] },
  ]),
  [
    { AUTH_MODE: 'jwks', BETTER_AUTH_URL: 'http://app:3000', AUTH_JWKS_ALLOW_HTTP: 'true' },
    { auth: { jwksUrl: 'http://app:3000/api/auth/jwks' }, warnings: [expect.stringMatching(/plain http/)] },
  ],
  [{}, { auth: { appUrl: null, email: null, providers: {}, hasTwoFactor: false } }],
  [
    {
      ...app,
      SMTP_URL: 'smtps://ada%40example.com:pa%2Fss@smtp.example.com',
      EMAIL_FROM: 'Todo App <todo@example.com>',
    },
    {
      auth: {
        appUrl: 'https://app.example.com/account',
        email: {
          smtp: {
            host: 'smtp.example.com',
            port: 465,
            tls: 'implicit',
            login: { user: 'ada@example.com', password: 'pa/ss' },
          },
          from: { name: 'Todo App', address: 'todo@example.com' },
        },
      },
    },
  ],
  ...(
    [
      ['smtp://smtp.example.com', { host: 'smtp.example.com', port: 587, tls: 'required', login: null }],
      ['smtp://mail:1025?tls=optional', { host: 'mail', port: 1025, tls: 'optional' }],
      ['smtp://localhost:1025', { host: 'localhost', port: 1025, tls: 'optional' }],
      ['smtp://[::1]:25/', { host: '::1', port: 25, tls: 'optional' }],
    ] as const
  ).map(([SMTP_URL, smtp]): [Environment, object] => [
    { ...app, SMTP_URL, EMAIL_FROM: 'todo@example.com' },
    { auth: { email: { smtp, from: { name: '', address: 'todo@example.com' } } } },
  ]),
  [
    { ...app, GITHUB_CLIENT_ID: 'id', GITHUB_CLIENT_SECRET: 'secret', TWO_FACTOR: 'on' },
    { auth: { providers: { github: { clientId: 'id', clientSecret: 'secret' } }, hasTwoFactor: true }, warnings: [] },
  ],
  // They can be of another program in the same environment.
  [
    { AUTH_MODE: 'jwks', BETTER_AUTH_URL: 'https://a.example', SMTP_URL: 'smtp://localhost', GOOGLE_CLIENT_ID: 'id' },
    { warnings: [expect.stringMatching(/^SMTP_URL, GOOGLE_CLIENT_ID: not used with AUTH_MODE=jwks, .* or remove/)] },
  ],
  [
    { AUTH_MODE: 'shared-secret', BETTER_AUTH_SECRET: secret, ...app, TWO_FACTOR: 'on' },
    { warnings: [expect.stringMatching(/^APP_URL, TWO_FACTOR: not used with AUTH_MODE=shared-secret, /)] },
  ],
  [{ AUTH_MODE: 'shared-secret', BETTER_AUTH_SECRET: secret, TWO_FACTOR: 'off' }, { warnings: [] }],
  [
    { LOG_LEVEL: 'silent', SHUTDOWN_TIMEOUT_MS: '0' },
    { log: { level: 'silent' }, server: { shutdownTimeoutMs: 0 } },
  ],
  [{ METRICS: 'on', HOST: '0.0.0.0' }, { metrics: { host: '127.0.0.1', port: 9464 } }],
  [{ METRICS: 'on', METRICS_HOST: '::' }, { metrics: { host: '::', port: 9464 } }],
  [{ METRICS: 'on', ADMIN_PORT: '9100', PORT: '9464' }, { metrics: { host: '127.0.0.1', port: 9100 } }],
  [{ METRICS: 'off', PORT: '9464' }, { metrics: null }],
  [{ METRICS: 'on', ADMIN_PORT: '0', PORT: '0' }, { metrics: { host: '127.0.0.1', port: 0 } }],
  [{}, { metrics: null, traces: false }],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4318' }, { traces: true }],
  [{ OTEL_TRACES_EXPORTER: 'console' }, { traces: true }],
  [{ OTEL_TRACES_EXPORTER: 'none', OTEL_SERVICE_NAME: 'todo' }, { traces: false }],
  [{ OTEL_SDK_DISABLED: 'true', OTEL_SERVICE_NAME: 'todo' }, { traces: false }],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: '' }, { traces: false }],
])('%j is accepted', (environment, expected) => {
  expect(loadConfig(environment)).toMatchObject(expected);
});

const email = { ...app, EMAIL_FROM: 'todo@example.com' };

const elsewhere = { AUTH_MODE: 'jwks', BETTER_AUTH_URL: 'https://a.example' };

test.each<[Environment, RegExp]>([
  [{ PORT: '65536' }, /^PORT: set it to a whole number from 0 to 65535\.$/],
  [{ PORT: '-1' }, /^PORT: /],
  [{ PORT: '3000x' }, /^PORT: /],
  [{ PORT: '30 00' }, /^PORT: /],
  [{ PORT: '0x10' }, /^PORT: /],
  [{ PORT: '1e3' }, /^PORT: /],
  [
    { ...email, SMTP_URL: 'smtp.example.com:587' },
    /^SMTP_URL: set it to a URL such as smtps:.*and write "\/", .* as %2F/,
  ],
  [{ ...email, SMTP_URL: 'smtp://ada:pa/ss@smtp.example.com' }, /^SMTP_URL: set it to a URL/],
  [{ ...email, SMTP_URL: 'smtp://ada:pa%ss@smtp.example.com' }, /^SMTP_URL: write "%".* as %25\.$/],
  [{ ...email, SMTP_URL: 'smtp://ada@smtp.example.com' }, /^SMTP_URL: it has a user or a password without the other/],
  [{ ...email, SMTP_URL: 'smtp://smtp.example.com?secure=true' }, /^SMTP_URL: remove its parameters/],
  [{ ...email, SMTP_URL: 'smtps://smtp.example.com?tls=optional' }, /^SMTP_URL: remove \?tls=optional/],
  [{ ...email }, /^SMTP_URL: required with EMAIL_FROM; set it/],
  [{ ...app, SMTP_URL: 'smtp://localhost' }, /^EMAIL_FROM: required with SMTP_URL; set it/],
  [{ EMAIL_FROM: 'a@b.example', SMTP_URL: 'smtp://localhost' }, /^APP_URL: required with SMTP_URL; set it/],
  [{ ...email, EMAIL_FROM: 'todo', SMTP_URL: 'smtp://localhost' }, /^EMAIL_FROM: set it to an address/],
  [{ ...email, EMAIL_FROM: 'a@b.example, c@d.example', SMTP_URL: 'smtp://localhost' }, /^EMAIL_FROM: set it/],
  [{ APP_URL: 'app.example.com' }, /^APP_URL: set it to an http/],
  [{ APP_URL: 'https://app.example.com/#/account' }, /^APP_URL: set it to an http.*without.*fragment/],
  [{ ...app, GOOGLE_CLIENT_ID: 'id' }, /^GOOGLE_CLIENT_SECRET: required with GOOGLE_CLIENT_ID; copy it/],
  [{ ...app, GITHUB_CLIENT_SECRET: 'secret' }, /^GITHUB_CLIENT_ID: required with GITHUB_CLIENT_SECRET; copy it/],
  [{ GITHUB_CLIENT_ID: 'id', GITHUB_CLIENT_SECRET: 'secret' }, /^APP_URL: required with GITHUB_CLIENT_ID; set it/],
  [{ TWO_FACTOR: 'true' }, /^TWO_FACTOR: set it to one of: on, off\.$/],
  [{ PUBLIC_URL: 'localhost:3000' }, /^PUBLIC_URL: set it to an http/],
  [{ PUBLIC_URL: 'https://user:pass@api.example.com' }, /^PUBLIC_URL: .*without credentials/],
  [{ PUBLIC_URL: 'https://api.example.com?x=1' }, /^PUBLIC_URL: /],
  [{ CORS_ORIGINS: '*' }, /^CORS_ORIGINS: list exact origins/],
  [{ CORS_ORIGINS: 'https://a.example/' }, /^CORS_ORIGINS: /],
  [{ CORS_ORIGINS: 'https://a.example,null' }, /^CORS_ORIGINS: /],
  [{ CORS_ORIGINS: 'https://*.example' }, /^CORS_ORIGINS: /],
  [{ DATABASE_URL: 'mysql://h/d' }, /^DATABASE_URL: set it to pglite:DIR, pglite:memory, or postgres:/],
  [{ DATABASE_URL: 'pglite:' }, /^DATABASE_URL: /],
  [{ DATABASE_URL: './data' }, /^DATABASE_URL: /],
  [{ DATABASE_DIRECT_URL: 'postgres://h/d' }, /^DATABASE_DIRECT_URL: .*embedded/],
  [{ DATABASE_POOL_MAX: '0' }, /^DATABASE_POOL_MAX: .*from 1 to 1000/],
  [{ DATABASE_TIMEOUT_MS: '99' }, /^DATABASE_TIMEOUT_MS: .*from 100/],
  [{ DATABASE_PREPARE: 'no' }, /^DATABASE_PREPARE: set it to one of: true, false\.$/],
  [{ DATABASE_PREPARE: 'TRUE' }, /^DATABASE_PREPARE: /],
  [{ MIGRATE_ON_START: '1' }, /^MIGRATE_ON_START: set it to one of: true, false\.$/],
  [{ AUTH_MODE: 'none' }, /^AUTH_MODE: set it to one of: embedded, jwks, shared-secret\.$/],
  [{ AUTH_MODE: 'jwks' }, /^BETTER_AUTH_URL: required with AUTH_MODE=jwks; set it, or set AUTH_JWKS_URL/],
  [{ AUTH_MODE: 'jwks', AUTH_JWKS_URL: 'file:///etc/keys' }, /^AUTH_JWKS_URL: /],
  [{ ...otherIssuer, AUTH_AUDIENCE: 'todo' }, /^AUTH_ISSUER: required with AUTH_JWKS_URL; .* or to \* for any\.$/],
  [{ ...otherIssuer, AUTH_ISSUER: 'x' }, /^AUTH_AUDIENCE: required with AUTH_JWKS_URL; .* or to \* for any\.$/],
  ...['example.com', 'app', '10.0.0.1', '[fd00::1]', 'localhost.example.com', '127.0.0.1.example.com'].flatMap(
    (host): [Environment, RegExp][] => [
      [
        { AUTH_MODE: 'jwks', BETTER_AUTH_URL: `http://${host}` },
        /^BETTER_AUTH_URL: .*https.*AUTH_JWKS_ALLOW_HTTP=true/,
      ],
      [
        { ...otherIssuer, ...expectedClaims, AUTH_JWKS_URL: `http://${host}/keys` },
        /^AUTH_JWKS_URL: .*AUTH_JWKS_ALLOW_HTTP=true/,
      ],
    ],
  ),
  [{ ...elsewhere, AUTH_ALGORITHMS: 'HS256' }, /^AUTH_ALGORITHMS: .*EdDSA/],
  [{ ...elsewhere, AUTH_ALGORITHMS: 'none' }, /^AUTH_ALGORITHMS: /],
  [{ ...elsewhere, AUTH_ALGORITHMS: ',' }, /^AUTH_ALGORITHMS: /],
  [{ BETTER_AUTH_URL: 'https://a.example' }, /^BETTER_AUTH_URL: .*AUTH_MODE=embedded.*AUTH_MODE=jwks/],
  [{ AUTH_MODE: 'shared-secret' }, /^BETTER_AUTH_SECRET: required with AUTH_MODE=shared-secret.*openssl rand/],
  [{ AUTH_MODE: 'shared-secret', BETTER_AUTH_SECRET: secret, AUTH_JWKS_URL: 'https://a.example' }, /^AUTH_JWKS_URL: /],
  [{ DATABASE_URL: 'pglite:memory' }, /^BETTER_AUTH_SECRET: required .*openssl rand/],
  [{ DATABASE_URL: 'postgres://h/d' }, /^BETTER_AUTH_SECRET: required .*openssl rand/],
  [{ LOG_LEVEL: 'verbose' }, /^LOG_LEVEL: set it to one of: fatal/],
  [{ SHUTDOWN_TIMEOUT_MS: '10s' }, /^SHUTDOWN_TIMEOUT_MS: /],
  [{ METRICS: 'yes' }, /^METRICS: set it to one of: on, off\.$/],
  [{ METRICS: 'on', ADMIN_PORT: '3000' }, /^ADMIN_PORT: metrics need their own port/],
  [{ METRICS: 'on', PORT: '9464' }, /^ADMIN_PORT: /],
  [{ ADMIN_PORT: 'x' }, /^ADMIN_PORT: set it to a whole number/],
])('%j is rejected', (environment, message) => {
  expect(faultsOf(environment)).toEqual([expect.stringMatching(message)]);
});

test.each([
  'x'.repeat(31),
  'a'.repeat(40),
  'ab'.repeat(18),
  'change-me-change-me-change-me-change-me',
  'your-secret-key-your-secret-key-your-secret',
  'better-auth-secret-12345678901234567890',
  'CHANGEME-CHANGEME-CHANGEME-CHANGEME',
  '0123456789abcdef0123456789abcdef',
  'this-is-only-an-example-of-a-secret-text',
])('the secret "%s" is too short or a placeholder', (text) => {
  for (const AUTH_MODE of ['embedded', 'shared-secret']) {
    const faults = faultsOf({ AUTH_MODE, BETTER_AUTH_SECRET: text });
    expect(faults).toEqual([expect.stringMatching(/^BETTER_AUTH_SECRET: .*openssl rand -base64 32/)]);
    expect(faults.join()).not.toContain(text);
  }
});

test('the length of a secret is counted in bytes', () => {
  expect(loadConfig({ BETTER_AUTH_SECRET: 'äöüßéèêñçøåæœ–—€' }).auth.mode).toBe('embedded');
});

test('all errors are reported together, each once', () => {
  const faults = faultsOf({ PORT: 'x', LOG_LEVEL: 'x', AUTH_MODE: 'jwks', CORS_ORIGINS: '*', BETTER_AUTH_SECRET: 'x' });
  expect(faults.map((fault) => fault.split(':')[0]).sort()).toEqual([
    'BETTER_AUTH_SECRET',
    'BETTER_AUTH_URL',
    'CORS_ORIGINS',
    'LOG_LEVEL',
    'PORT',
  ]);
});

test('no message quotes a value', () => {
  const value = 'a-secret-in-the-wrong-place';
  for (const name of variableNames) expect(faultsOf({ [name]: value }, true).join('\n')).not.toContain(value);
});

describe('the printed configuration', () => {
  test('names every variable', () => {
    const printed = printConfig({});
    for (const name of variableNames) expect(printed).toContain(name);
    expect(printed).toContain('PORT=3000  # default');
    expect(printed).toMatch(/^# BETTER_AUTH_SECRET is not set/m);
  });

  test('shows no secret, valid or not', () => {
    const printed = printConfig({
      BETTER_AUTH_SECRET: secret,
      DATABASE_URL: 'postgres://user:hunter2@host/db?password=parameter-hunter',
      DATABASE_DIRECT_URL: 'postgres://user:direct-hunter@host/db',
      PORT: '8080',
    });
    expect(printed).not.toMatch(new RegExp(`hunter|${secret}`));
    for (const shown of ['postgres://********@host/db', 'PORT=8080']) expect(printed).toContain(shown);
    expect(printConfig({ BETTER_AUTH_SECRET: 'tiny' })).not.toContain('tiny');
  });
});

describe('a .env file', () => {
  test('is read, and the environment takes precedence', () => {
    const directory = mkdtempSync(join(tmpdir(), 'todo-api-env-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    writeFileSync(join(directory, '.env'), '# mine\nSHUTDOWN_TIMEOUT_MS=4000\nMETRICS="on"\nPATH=never\n');
    const { SHUTDOWN_TIMEOUT_MS, METRICS, PATH } = readEnvironment(directory).variables;
    expect({ SHUTDOWN_TIMEOUT_MS, METRICS, PATH }).toEqual({
      SHUTDOWN_TIMEOUT_MS: '4000',
      METRICS: 'on',
      PATH: process.env.PATH,
    });
  });

  test('is optional', () => {
    expect(readEnvironment('/nowhere').variables.PATH).toBe(process.env.PATH);
  });
});

function faultsOf(environment: Environment, mayPass = false): string[] {
  try {
    loadConfig(environment);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message.split('\n');
  }
  return mayPass ? [] : expect.fail('it must be refused');
}
