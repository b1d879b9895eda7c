/** The example of sign-in with OAuth: the official client registers, signs its user in, and calls tools with the token. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  Client,
  type OAuthClientProvider,
  type OAuthDiscoveryState,
  type StoredOAuthClientInformation,
  type StoredOAuthTokens,
  StreamableHTTPClientTransport,
  UnauthorizedError,
} from '@modelcontextprotocol/client';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from '../support/postgres-server.ts';
import { root, runSource, serveReady, until } from './built-command.ts';

const folder = join(root, 'examples', 'mcp');
const readme = readFileSync(join(folder, 'README.md'), 'utf8');
const redirectUrl = 'http://127.0.0.1:9/callback';

test('an assistant registers, its user signs in and consents, and the token works at /mcp only', async () => {
  const { apiUrl, appUrl } = await startBoth();
  const memory = new Memory();
  const connect = async () => {
    const client = new Client({ name: 'Assistant', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } });
    const transport = new StreamableHTTPClientTransport(new URL(`${apiUrl}/mcp`), { authProvider: memory });
    onTestFinished(() => client.close());
    return { client, transport, connected: client.connect(transport) };
  };

  const first = await connect();
  await expect(first.connected).rejects.toThrow(UnauthorizedError);
  const { searchParams } = memory.authorizationUrl as URL;
  expect(Object.fromEntries(searchParams)).toMatchObject({
    resource: `${apiUrl}/mcp`,
    code_challenge_method: 'S256',
    scope: expect.stringContaining('tasks:read tasks:write'),
  });
  const callback = await signInAndConsent(appUrl, memory.authorizationUrl as URL);
  await first.transport.finishAuth(callback.searchParams);

  const { client, connected } = await connect();
  await connected;
  const added = await client.callTool({ name: 'add_tasks', arguments: { tasks: [{ title: 'Buy milk' }] } });
  expect(added.structuredContent).toMatchObject({ tasks: [{ title: 'Buy milk' }], change_set: expect.any(String) });

  const token = memory.stored?.access_token ?? '';
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  expect(claims).toMatchObject({ iss: appUrl, scope: expect.stringContaining('tasks:write') });
  expect([claims.aud].flat()).toContain(`${apiUrl}/mcp`);
  const [task] = (added.structuredContent as { tasks: { id: string }[] }).tasks;
  const { structuredContent: history } = await client.callTool({ name: 'task_history', arguments: { id: task?.id } });
  expect(history).toMatchObject({ changes: [{ actor: memory.clientInformation()?.client_id }] });
  const elsewhere = await fetch(`${apiUrl}/api/v1/tasks`, { headers: { Authorization: `Bearer ${token}` } });
  expect(elsewhere.status).toBe(401);
});

/** What a client stores about the authorization. */
class Memory implements OAuthClientProvider {
  readonly redirectUrl = redirectUrl;
  readonly clientMetadata = {
    client_name: 'Assistant',
    redirect_uris: [redirectUrl],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
  };
  authorizationUrl: URL | undefined;
  stored: StoredOAuthTokens | undefined;
  #client: StoredOAuthClientInformation | undefined;
  #discovery: OAuthDiscoveryState | undefined;
  #verifier = '';

  clientInformation = () => this.#client;
  saveClientInformation = (client: StoredOAuthClientInformation) => {
    this.#client = client;
  };
  discoveryState = () => this.#discovery;
  saveDiscoveryState = (state: OAuthDiscoveryState) => {
    this.#discovery = state;
  };
  tokens = () => this.stored;
  saveTokens = (tokens: StoredOAuthTokens) => {
    this.stored = tokens;
  };
  redirectToAuthorization = (url: URL) => {
    this.authorizationUrl = url;
  };
  saveCodeVerifier = (verifier: string) => {
    this.#verifier = verifier;
  };
  codeVerifier = () => this.#verifier;
}

/** What the pages of the application do in a browser. Returns the URL to which the browser is sent at the end. */
async function signInAndConsent(appUrl: string, authorizationUrl: URL): Promise<URL> {
  let Cookie = '';
  const follow = async (url: string | URL, body?: object) => {
    const response = await fetch(url, {
      method: body ? 'POST' : 'GET',
      redirect: 'manual',
      headers: {
        ...{ Cookie, Origin: appUrl, Accept: 'application/json' },
        ...(body && { 'Content-Type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const cookies = response.headers.getSetCookie().map((line) => line.replace(/;.*/, ''));
    if (cookies.length > 0) Cookie = cookies.join('; ');
    const answer = response.headers.has('location') ? {} : ((await response.json()) as Record<string, string>);
    const target = response.headers.get('location') ?? answer.url ?? answer.redirect_uri;
    expect(target, JSON.stringify(answer)).toBeTruthy();
    return new URL(target as string, appUrl);
  };
  const signIn = await follow(authorizationUrl);
  expect(signIn.pathname).toBe('/sign-in');
  expect(await (await fetch(signIn)).text()).toContain('Sign up');
  const user = { name: 'Ada', email: 'ada@example.com', password: 'correct horse battery' };
  const consent = await follow(`${appUrl}/api/auth/sign-up/email`, { ...user, oauth_query: signIn.search.slice(1) });
  expect(consent.pathname).toBe('/consent');
  expect(await (await fetch(consent)).text()).toContain('tasks:read tasks:write');
  const allowed = { accept: true, oauth_query: consent.search.slice(1) };
  return follow(`${appUrl}/api/auth/oauth2/consent`, allowed);
}

/** Starts the API and the application, as the README of the example does, on free ports. */
async function startBoth(): Promise<{ apiUrl: string; appUrl: string }> {
  const appUrl = `http://localhost:${await freePort()}`;
  const [, assignments = ''] = /^(AUTH_MODE=.*) npm start$/m.exec(readme) ?? [];
  const variables = assignments.split(' ').map((assignment) => assignment.replace('http://localhost:4000', appUrl));
  const api = await serveReady(Object.fromEntries(variables.map((assignment) => assignment.split('=', 2))));
  const apiUrl = `http://localhost:${api.port}`;
  const application = runSource(join(folder, 'app.ts'), [], { environment: { APP_URL: appUrl, API_URL: apiUrl } });
  await until(async () => (await fetch(`${appUrl}/api/auth/ok`).catch(() => null))?.ok ?? false, application);
  return { apiUrl, appUrl };
}
