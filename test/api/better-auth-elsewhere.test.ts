/** AUTH_MODE=jwks with the Better Auth server of another application, configured only by BETTER_AUTH_URL. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { betterAuth } from 'better-auth';
import { memoryAdapter } from 'better-auth/adapters/memory';
import { toNodeHandler } from 'better-auth/node';
import { bearer, jwt } from 'better-auth/plugins';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startApi, type TestApi } from '../support/api.ts';

interface Application {
  readonly url: string;
  readonly server: Server;
  /** Signs up a new user. Returns the id and a token of the user. */
  signUp(): Promise<{ id: string; token: string }>;
}

let application: Application;
let api: TestApi;

beforeAll(async () => {
  application = await startApplication();
  api = await startApi({ keep: true, environment: { AUTH_MODE: 'jwks', BETTER_AUTH_URL: application.url } });
});

afterAll(async () => {
  await api.stop();
  await stop(application);
});

test('a user of the application is a user here', async () => {
  const { id, token } = await application.signUp();
  const user = api.anonymous(`Bearer ${token}`);
  expect((await user.get('/api/v1/me')).body).toEqual({ id, scopes: null });
  const { status, body } = await user.post('/api/v1/tasks', { title: 'Buy milk' });
  expect({ status, owner: body.owner_id }).toEqual({ status: 201, owner: id });
});

test('two users of the application are two users here', async () => {
  const [ada, eve] = [await application.signUp(), await application.signUp()];
  const { body } = await api.anonymous(`Bearer ${ada.token}`).post('/api/v1/tasks', { title: 'Secret' });
  const stranger = api.anonymous(`Bearer ${eve.token}`);
  expect((await stranger.get(`/api/v1/tasks/${body.id}`)).status).toBe(404);
  expect((await stranger.get('/api/v1/tasks')).body).toEqual([]);
});

test('a user of another application is rejected', async () => {
  const other = await startApplication();
  const { token } = await other.signUp();
  await stop(other);
  const { status, body } = await api.anonymous(`Bearer ${token}`).get('/api/v1/me');
  expect({ status, code: body.code }).toEqual({ status: 401, code: 'token_invalid' });
});

test('the embedded issuer is not mounted', async () => {
  expect((await api.anonymous().get('/api/auth/jwks')).status).toBe(404);
});

/** An existing application: the defaults of Better Auth and the jwt plugin. */
async function startApplication(): Promise<Application> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const auth = betterAuth({
    baseURL: url,
    secret: 'a-secret-of-the-other-application-7c1e',
    database: memoryAdapter({ user: [], session: [], account: [], verification: [], jwks: [] }),
    emailAndPassword: { enabled: true },
    telemetry: { enabled: false },
    plugins: [jwt(), bearer()],
  });
  server.on('request', toNodeHandler(auth));
  let people = 0;
  return {
    url,
    server,
    async signUp() {
      people += 1;
      const signedUp = await fetch(`${url}/api/auth/sign-up/email`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', Origin: url },
        body: JSON.stringify({ name: 'Ada', email: `ada${people}@example.com`, password: 'correct horse battery' }),
      });
      const { user } = (await signedUp.json()) as { user: { id: string } };
      const authorization = `Bearer ${signedUp.headers.get('set-auth-token')}`;
      const answer = await fetch(`${url}/api/auth/token`, { headers: { Authorization: authorization } });
      return { id: user.id, token: ((await answer.json()) as { token: string }).token };
    },
  };
}

async function stop({ server }: Application): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
