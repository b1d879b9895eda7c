/** Variables with URLs, origins and addresses in their usual spellings. */
import { describe, expect, test } from 'vitest';
import { ConfigError, type Environment, loadConfig } from '../../src/config/load.ts';

function faultsOf(environment: Environment): string[] {
  try {
    loadConfig(environment);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message.split('\n');
  }
  return expect.fail('it must be refused');
}

describe('PUBLIC_URL', () => {
  test.each([
    ['https://api.example.com/', 'https://api.example.com', ''],
    ['https://a.example/todo/', 'https://a.example/todo', '/todo'],
    ['HTTPS://A.example:443/x/To_do-1.0~', 'https://a.example/x/To_do-1.0~', '/x/To_do-1.0~'],
    ['https://a.example/x/../todo', 'https://a.example/todo', '/todo'],
    ['http://[::1]:3000', 'http://[::1]:3000', ''],
  ])('%s', (text, publicUrl, basePath) => {
    expect(loadConfig({ PUBLIC_URL: text }).server).toMatchObject({ publicUrl, basePath });
  });

  test.each(['https://a.example/to%20do', 'https://a.example/a//b', 'https://a.example/a:b', 'https://a.example/a*'])(
    '%s is rejected',
    (text) => {
      expect(faultsOf({ PUBLIC_URL: text })).toEqual([expect.stringMatching(/^PUBLIC_URL: its path may contain only/)]);
    },
  );
});

describe('BETTER_AUTH_URL', () => {
  test.each([
    ['https://app.example.com', 'https://app.example.com/api/auth/jwks'],
    ['https://app.example.com//', 'https://app.example.com/api/auth/jwks'],
    ['https://App.Example.com:443', 'https://app.example.com/api/auth/jwks'],
    ['https://app.example.com/api/auth', 'https://app.example.com/api/auth/jwks'],
    ['https://app.example.com/api/auth/', 'https://app.example.com/api/auth/jwks'],
    ['https://app.example.com/auth', 'https://app.example.com/auth/jwks'],
    ['https://app.example.com/shop/api/auth', 'https://app.example.com/shop/api/auth/jwks'],
  ])('%s', (text, jwksUrl) => {
    const { auth } = loadConfig({ AUTH_MODE: 'jwks', BETTER_AUTH_URL: text });
    const origin = 'https://app.example.com';
    expect(auth).toMatchObject({ jwksUrl, issuer: origin, audience: origin });
  });

  test('with the JWKS elsewhere', () => {
    const AUTH_JWKS_URL = 'https://a.example/auth/jwks';
    const { auth } = loadConfig({ AUTH_MODE: 'jwks', BETTER_AUTH_URL: 'https://a.example', AUTH_JWKS_URL });
    expect(auth).toMatchObject({ jwksUrl: AUTH_JWKS_URL, issuer: 'https://a.example', audience: 'https://a.example' });
  });
});

test.each(['https://a.example/api/auth/jwks', 'https://a.example/.well-known/openid-configuration'])(
  'BETTER_AUTH_URL=%s is rejected with the variable to set',
  (BETTER_AUTH_URL) => {
    expect(faultsOf({ AUTH_MODE: 'jwks', BETTER_AUTH_URL })).toEqual([
      expect.stringMatching(/^BETTER_AUTH_URL: set it to the baseURL .*AUTH_JWKS_URL/),
    ]);
  },
);

describe('DATABASE_URL of an embedded database', () => {
  test.each(['./.data', '.data', '/var/lib/todo', '../data', 'data/a b', 'C:\\data', 'memory-of-tasks'])(
    'pglite:%s',
    (path) => {
      const { database } = loadConfig({ DATABASE_URL: `pglite:${path}` });
      expect(database).toMatchObject({ kind: 'pglite', directory: path });
    },
  );

  test.each([
    ['memory://', /pglite:memory/],
    ['Memory', /pglite:memory/],
    ['idb://todo', /pglite:DIR/],
    ['file:///var/lib/todo', /pglite:DIR/],
    ['//', /pglite:DIR/],
    ['~/data', /write the whole path/],
    ['$HOME/data', /write the whole path/],
  ])('pglite:%s is rejected', (path, message) => {
    expect(faultsOf({ DATABASE_URL: `pglite:${path}` })).toContainEqual(expect.stringMatching(message));
  });
});

describe('the settings of another issuer are not normalized', () => {
  test.each(['https://id.example/jwks/', 'https://id.example/keys?p=b2c_1', 'https://id.example/keys/?appid=1'])(
    'AUTH_JWKS_URL=%s',
    (url) => {
      expect(
        loadConfig({ AUTH_MODE: 'jwks', AUTH_JWKS_URL: url, AUTH_ISSUER: '*', AUTH_AUDIENCE: '*' }).auth,
      ).toMatchObject({ jwksUrl: url });
    },
  );

  test.each(['https://tenant.auth0.com/', 'https://tenant.auth0.com', 'api://default', 'a/b//', 'x'])(
    'AUTH_ISSUER and AUTH_AUDIENCE=%s',
    (text) => {
      const own = { AUTH_ISSUER: text, AUTH_AUDIENCE: text };
      const { auth } = loadConfig({ AUTH_MODE: 'jwks', AUTH_JWKS_URL: 'https://id.example', ...own });
      expect(auth).toMatchObject({ issuer: text, audience: text });
    },
  );

  test.each([
    ['https://u:p@id.example/keys', /^AUTH_JWKS_URL: .*without credentials/],
    ['https://id.example/keys#x', /^AUTH_JWKS_URL: .*fragment/],
    [
      'https://id.example/.well-known/openid-configuration',
      /^AUTH_JWKS_URL: this is an OpenID discovery document; .*jwks_uri/,
    ],
  ])('AUTH_JWKS_URL=%s is rejected', (url, message) => {
    expect(faultsOf({ AUTH_MODE: 'jwks', AUTH_JWKS_URL: url })).toEqual([expect.stringMatching(message)]);
  });
});

describe('CORS_ORIGINS', () => {
  test('of browsers and of native applications', () => {
    const origins = [
      'https://app.example.com',
      'http://localhost:5173',
      'capacitor://localhost',
      'ionic://localhost',
      'http://localhost',
      'https://localhost',
      'tauri://localhost',
      'http://tauri.localhost',
      'https://tauri.localhost',
      'app://-',
      'app://com.example.todo',
      'vscode-webview://1f0a',
      'chrome-extension://aapocclcgogkmnckokdopfmhonfmgoek',
      'moz-extension://0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4d',
      'capacitor://localhost:8100',
    ];
    expect(loadConfig({ CORS_ORIGINS: origins.join(', ') }).server.corsOrigins).toEqual(origins);
  });

  test.each(['file://', 'file:///'])('%s, the origin of every local page, is rejected', (text) => {
    expect(faultsOf({ CORS_ORIGINS: text })).toEqual([
      expect.stringMatching(
        /^CORS_ORIGINS: "(null|file:)" is the origin of any local file.*serve the page from a host\.$/,
      ),
    ]);
  });

  test.each([
    'capacitor://localhost/',
    'Capacitor://localhost',
    'capacitor://Localhost',
    'capacitor://*',
    'capacitor://',
    'myapp://',
    'myapp:',
    'app://a/b',
    'app://a?b',
    'app://a@b',
    'chrome-extension://*',
    'HTTPS://a.example',
    'https://a.example:443',
    'https://bücher.example',
    'a.example',
    'localhost:5173',
    'data:text/html,x',
    'about:blank',
  ])('%s is rejected', (text) => {
    expect(faultsOf({ CORS_ORIGINS: text })).toEqual([expect.stringMatching(/^CORS_ORIGINS: list exact origins/)]);
  });
});

describe('TRUSTED_PROXIES', () => {
  test('addresses, blocks and names', () => {
    const text = 'loopback, LinkLocal,uniquelocal, 10.0.0.0/8, 172.16.0.0/12, ::1, 192.0.2.1/32, fd00::/8';
    expect(loadConfig({ TRUSTED_PROXIES: text }).limits.trustedProxies).toEqual(text.split(/, ?/));
  });

  test.each([
    'localhost',
    'proxy.example',
    '10.0.0.0/33',
    '::1/129',
    '10.0.0.0/255.0.0.0',
    '10.0.0.0/',
    '10.*',
    '*',
    'all',
    'true',
    '1',
    'private',
    '10.0.0.1:80',
    '[::1]',
    '[::1]:80',
    'fe80::1%eth0',
    '10.0.0.1 10.0.0.2',
    '10.0.0.1;10.0.0.2',
    'http://10.0.0.1',
    '010.0.0.1',
  ])('%s is rejected', (text) => {
    expect(faultsOf({ TRUSTED_PROXIES: `127.0.0.1, ${text}` })).toEqual([
      expect.stringMatching(/^TRUSTED_PROXIES: list addresses such as 10\.0\.0\.1, CIDR blocks .*host names, ports/),
    ]);
  });

  test.each(['0.0.0.0/0', '::/0'])('%s is rejected', (text) => {
    expect(faultsOf({ TRUSTED_PROXIES: text })).toEqual([
      expect.stringMatching(/^TRUSTED_PROXIES: a block of \/0 would let every client name its own address/),
    ]);
  });
});
