/** TLS with a private certificate authority: to PostgreSQL with libpq's parameters, and to the JWKS of the issuer. */
import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { explainStartupError } from '../../src/cli/startup-errors.ts';
import { environment, serve } from '../resilience/serve.ts';
import { withAdmin } from '../support/databases.ts';
import { type PostgresServer, startPostgres } from '../support/postgres-server.ts';
import { makeIssuer } from '../support/tokens.ts';
import { root, runCommand, serve as serveBuilt, serveReady } from './built-command.ts';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
const missing = hasOpenssl ? inject('postgresMissing') : 'openssl is not installed';
const skip = !hasOpenssl || inject('postgresUrl') === null;

let folder: string;
let postgres: PostgresServer;
const file = (name: string) => join(folder, name);

function openssl(...words: string[]): void {
  execFileSync('openssl', words, { cwd: folder, stdio: 'pipe' });
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

function makeAuthority(name: string): void {
  openssl('req', '-x509', ...newKey, '-keyout', `${name}.key`, '-out', `${name}.pem`, '-subj', `/CN=${name}`);
}

function makeCertificate(name: string, extension: string): void {
  openssl('req', ...newKey, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
  writeFileSync(file(`${name}.ext`), extension);
  const by = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', `${name}.ext`];
  openssl('x509', '-req', '-in', `${name}.csr`, ...by, '-out', `${name}.pem`);
}

beforeAll(async () => {
  if (skip) return;
  folder = mkdtempSync(join(tmpdir(), 'todo-api-tls-'));
  makeAuthority('ca');
  makeAuthority('other-ca');
  // The certificate is for the address, so that every host name is wrong.
  makeCertificate('server', 'subjectAltName=IP:127.0.0.1');
  makeCertificate('certified', 'extendedKeyUsage=clientAuth');
  writeFileSync(
    file('hba.conf'),
    'hostssl all certified all cert\nhostnossl all encrypted all reject\nhost all all all trust\n',
  );
  if (process.getuid?.() === 0) {
    for (const name of ['', 'server.key', 'server.pem', 'ca.pem', 'hba.conf']) chownSync(file(name), 65_534, 65_534);
  }
  chmodSync(file('server.key'), 0o600);
  postgres = await startPostgres([
    'ssl=on',
    `ssl_cert_file=${file('server.pem')}`,
    `ssl_key_file=${file('server.key')}`,
    `ssl_ca_file=${file('ca.pem')}`,
    `hba_file=${file('hba.conf')}`,
  ]);
  await withAdmin(postgres.url, async (admin) => {
    await admin.query('create role certified login superuser');
    await admin.query('create role encrypted login superuser');
    await admin.query('create database todo');
  });
});

afterAll(async () => {
  if (skip) return;
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Address {
  readonly host?: string;
  readonly user?: string;
}

/** The URL of the database. Names in braces in its parameters are files of this test. */
function urlWith(parameters: string, { host = '127.0.0.1', user = 'postgres' }: Address = {}): string {
  const query = parameters.replaceAll(/\{([\w.-]+)\}/g, (_, name: string) => file(name));
  return `postgres://${user}@${host}:${postgres.port}/todo?${query}`;
}

/** The number of encrypted connections of the server. */
async function encrypted(): Promise<boolean[]> {
  return withAdmin(postgres.url, async (admin) => {
    const text = `select distinct ssl from pg_stat_ssl join pg_stat_activity using (pid) where application_name = 'todo-api'`;
    return (await admin.query<{ ssl: boolean }>(text)).rows.map(({ ssl }) => ssl);
  });
}

/** The parameters of the example in the documentation, with a file of this test. */
function documentedParameters(): string {
  const text = readFileSync(join(root, 'docs', 'operations.md'), 'utf8');
  const [, parameters = 'none'] = /^DATABASE_URL='[^?\n]+\?([^'\n]+)' todo-api serve$/m.exec(text) ?? [];
  return parameters.replace('/etc/todo/ca.pem', '{ca.pem}');
}

describe.skipIf(skip)(`a database with a private authority ${missing}`, () => {
  const trusted: [string, Address, boolean][] = [
    [documentedParameters(), {}, true],
    ['sslmode=require&sslrootcert={ca.pem}', {}, true],
    ['sslmode=prefer&sslrootcert={ca.pem}', {}, true],
    ['sslrootcert={ca.pem}', {}, true],
    ['sslmode=verify-ca&sslrootcert={ca.pem}', { host: 'localhost' }, true],
    ['sslmode=no-verify', { host: 'localhost' }, true],
    ['uselibpqcompat=true&sslmode=require', {}, true],
    [
      'sslmode=verify-full&sslrootcert={ca.pem}&sslcert={certified.pem}&sslkey={certified.key}',
      { user: 'certified' },
      true,
    ],
    ['sslmode=disable', {}, false],
    ['', {}, false],
  ];

  test.each(trusted)('serves with %s %j', async (parameters, address, isEncrypted) => {
    const { call } = await serve({ DATABASE_URL: urlWith(parameters, address) });
    expect((await call('POST', '/api/v1/tasks', { title: 'x' })).status).toBe(201);
    expect(await encrypted()).toEqual([isEncrypted]);
  });

  const refused: [string, Address, RegExp][] = [
    ['sslmode=verify-full', {}, /cannot be trusted.*Set sslrootcert in DATABASE_URL/],
    ['sslmode=require', {}, /cannot be trusted.*Set sslrootcert/],
    ['sslmode=verify-full&sslrootcert=system', {}, /cannot be trusted.*Set sslrootcert/],
    ['sslmode=verify-full&sslrootcert={other-ca.pem}', {}, /cannot be trusted.*Set sslrootcert/],
    ['sslmode=verify-ca&sslrootcert={other-ca.pem}', {}, /cannot be trusted.*Set sslrootcert/],
    ['sslmode=verify-full&sslrootcert={ca.pem}', { host: 'localhost' }, /localhost.*Set the host in DATABASE_URL/],
    ['sslmode=verify-full&sslrootcert={none.pem}', {}, /^DATABASE_URL: sslrootcert: the file .*none\.pem .*ENOENT/],
    ['sslmode=full', {}, /^DATABASE_URL: sslmode must be one of .*verify-full/],
    ['sslmode=verify-full&sslcert={certified.pem}', {}, /set both sslcert and sslkey/],
    ['sslmode=verify-full&sslrootcert={ca.pem}', { user: 'certified' }, /client certificate.*Set sslcert and sslkey/],
    ['sslmode=verify-full&sslrootcert={hba.conf}', {}, /^DATABASE_URL: the files .* cannot be used .*PEM/],
    [
      'sslmode=verify-full&sslcert={certified.pem}&sslkey={server.key}',
      {},
      /^DATABASE_URL: the files .* cannot be used/,
    ],
    ['sslmode=disable', { user: 'encrypted' }, /no encryption.*sslmode=verify-full/],
  ];

  test.each(refused)('is rejected at startup with %s %j', async (parameters, address, message) => {
    const error = await serve({ DATABASE_URL: urlWith(parameters, address) }).then(
      () => expect.fail('it must be refused'),
      (refusal: unknown) => refusal,
    );
    const line = explainStartupError(error);
    expect(line).toMatch(message);
    expect(line).not.toContain('\n');
  });

  test('ends the command with one line and exit code 1 if it is not trusted', async () => {
    const DATABASE_URL = urlWith('sslmode=verify-full');
    const run = runCommand(['serve'], { environment: { ...environment, PORT: '0', DATABASE_URL } });
    const { code, stderr } = await run.ended;
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^todo-api: the certificate [^\n]+sslrootcert[^\n]+\n$/)]);
  });

  test('without TLS is rejected if the URL requires it', async () => {
    const DATABASE_URL = `${inject('postgresUrl')}/postgres?sslmode=require`;
    const error = await serve({ DATABASE_URL }).catch((refusal: unknown) => refusal);
    expect(explainStartupError(error)).toMatch(/does not offer TLS.*sslmode=disable/);
  });
});

describe.skipIf(skip)('NODE_EXTRA_CA_CERTS', () => {
  const issuer = makeIssuer();
  const anyClaims = { AUTH_ISSUER: '*', AUTH_AUDIENCE: '*' };

  async function jwksUrl(): Promise<string> {
    const certificate = { cert: readFileSync(file('server.pem')), key: readFileSync(file('server.key')) };
    const server = createServer(certificate, (_request, response) => {
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(issuer.jwks));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close().closeAllConnections());
    return `https://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`;
  }

  const headers = () => {
    const token = issuer.sign({ sub: 'ada', exp: Math.floor(Date.now() / 1000) + 900 });
    return { headers: { Authorization: `Bearer ${token}` } };
  };

  test('names an authority for the database and for the issuer', async () => {
    const server = await serveReady({
      NODE_EXTRA_CA_CERTS: file('ca.pem'),
      DATABASE_URL: urlWith('sslmode=verify-full'),
      AUTH_MODE: 'jwks',
      AUTH_JWKS_URL: await jwksUrl(),
      ...anyClaims,
    });
    expect((await fetch(`${server.url}/api/v1/tasks`, headers())).status).toBe(200);
  });

  test('is named in the log if the issuer is not trusted without it', async () => {
    const variables = {
      DATABASE_URL: 'pglite:memory',
      AUTH_MODE: 'jwks',
      AUTH_JWKS_URL: await jwksUrl(),
      ...anyClaims,
    };
    const server = await serveBuilt(variables);
    expect((await fetch(`${server.url}/api/v1/me`, headers())).status).toBe(503);
    await expect
      .poll(() => JSON.stringify(server.log().find(({ event }) => event === 'keys_fetch_failed')))
      .toMatch(/NODE_EXTRA_CA_CERTS/);
  });
});
