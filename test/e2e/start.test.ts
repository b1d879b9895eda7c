/** Startup: the server reports readiness only after all preparation. */
import { expect, inject, test } from 'vitest';
import { testSecret } from '../support/databases.ts';
import { serve, serveReady, untilReady } from './built-command.ts';
import { ownDatabase, untilBlocked } from './own-database.ts';

/** The lock for the creation of the issuer's first key, see `src/auth/better-auth/signing-key.ts`. */
const signingKeyLock = 8_031_977_422;

test('/readyz responds with 503 until the embedded issuer can sign', async (context) => {
  context.skip(inject('postgresUrl') === null, inject('postgresMissing'));
  const { url, holder } = await ownDatabase();
  await holder.query(`select pg_advisory_lock(${signingKeyLock})`);
  const server = await serve({ DATABASE_URL: url, BETTER_AUTH_SECRET: testSecret });
  await untilBlocked(holder);
  for (const path of ['/readyz', '/api/auth/jwks']) expect((await fetch(`${server.url}${path}`)).status).toBe(503);

  await holder.query(`select pg_advisory_unlock(${signingKeyLock})`);
  await untilReady(server);
  const keys = await (await fetch(`${server.url}/api/auth/jwks`)).json();
  expect(keys).toMatchObject({ keys: [{ alg: 'EdDSA' }] });
});

test('two processes that start concurrently on an empty database: each migration is applied once, and both serve', async (context) => {
  context.skip(inject('postgresUrl') === null, inject('postgresMissing'));
  const { url } = await ownDatabase({ isEmpty: true });
  const environment = { DATABASE_URL: url, BETTER_AUTH_SECRET: testSecret };
  const servers = await Promise.all([serveReady(environment), serveReady(environment)]);
  const ready = await Promise.all(
    servers.map(async (server) => {
      await expect.poll(() => server.log().find(({ msg }) => msg === 'ready')).toBeDefined();
      return server.log().find(({ msg }) => msg === 'ready')?.migrations as string[];
    }),
  );
  // Each migration is one transaction, so both processes can have applied some.
  const applied = ready.flat();
  expect(applied.length).toBeGreaterThan(0);
  expect(new Set(applied).size).toBe(applied.length);
  const keys = await Promise.all(servers.map(async (server) => (await fetch(`${server.url}/api/auth/jwks`)).json()));
  expect(keys[0]).toMatchObject({ keys: [{ alg: 'EdDSA' }] });
  expect(keys[1]).toEqual(keys[0]);
});
