/**
 * An OAuth provider with the endpoints of Google and GitHub. Requests of this process to their hosts go to it instead. It
 * checks what they check: the client, the redirect URI, and the proof key (RFC 6749, RFC 7636).
 */
import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { noteSecret } from './log-scan.ts';

/** What the provider knows about a person. */
export interface Profile {
  readonly id: string;
  readonly email: string;
  readonly isVerified: boolean;
}

export interface OAuthProvider {
  /** Approves the request of an authorization URL as this person, and returns the URL of the redirect. */
  approve(authorizationUrl: string, profile: Profile): URL;
  /** Leaves the next requests without a response. */
  isSilent: boolean;
  close(): Promise<void>;
}

const hosts = ['oauth2.googleapis.com', 'github.com', 'api.github.com'];

export const client = { clientId: 'client-of-the-test', clientSecret: 'a-client-secret-of-the-test' };

export async function startOAuthProvider(): Promise<OAuthProvider> {
  const codes = new Map<string, { readonly request: URLSearchParams; readonly profile: Profile }>();
  const tokens = new Map<string, Profile>();
  let isSilent = false;

  const server = createServer((request, response) => {
    if (!isSilent) respond(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  });

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '/', 'http://provider');
    const send = (status: number, body: object) =>
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
    if (request.method === 'POST' && /token$/.test(pathname)) {
      const form = new URLSearchParams(await textOf(request));
      const code = codes.get(form.get('code') ?? '');
      codes.delete(form.get('code') ?? '');
      const challenge = createHash('sha256')
        .update(form.get('code_verifier') ?? '')
        .digest('base64url');
      const isRight =
        form.get('client_id') === client.clientId &&
        form.get('client_secret') === client.clientSecret &&
        form.get('redirect_uri') === code?.request.get('redirect_uri') &&
        challenge === code?.request.get('code_challenge');
      if (!code || !isRight) return void send(400, { error: 'invalid_grant' });
      const token = `token-${randomUUID()}`;
      noteSecret(token);
      tokens.set(token, code.profile);
      const { id, email, isVerified } = code.profile;
      const claims = {
        sub: id,
        email,
        email_verified: isVerified,
        name: 'Ada',
        picture: 'https://app.example.com/a.png',
      };
      // No client verifies the signature, because the token comes from the provider itself (OpenID Connect Core, 3.1.3.7).
      const idToken = ['{"alg":"RS256"}', JSON.stringify(claims), 'signature']
        .map((part) => Buffer.from(part).toString('base64url'))
        .join('.');
      return void send(200, { access_token: token, refresh_token: token, id_token: idToken, token_type: 'bearer' });
    }
    const profile = tokens.get((request.headers.authorization ?? '').replace(/^bearer /i, ''));
    if (!profile) return void send(401, {});
    if (pathname === '/user') return void send(200, { id: profile.id, login: 'ada', email: profile.email });
    send(200, [{ email: profile.email, primary: true, verified: profile.isVerified }]);
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const { fetch: originalFetch } = globalThis;
  globalThis.fetch = (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    if (!hosts.includes(url.hostname)) return originalFetch(input, init);
    return originalFetch(`http://127.0.0.1:${port}${url.pathname}${url.search}`, init);
  };

  return {
    approve(authorizationUrl, profile) {
      const { searchParams: request } = new URL(authorizationUrl);
      const code = randomUUID();
      codes.set(code, { request, profile });
      const url = new URL(request.get('redirect_uri') ?? '');
      url.searchParams.set('code', code);
      url.searchParams.set('state', request.get('state') ?? '');
      return url;
    },
    get isSilent() {
      return isSilent;
    },
    set isSilent(silent) {
      isSilent = silent;
    },
    close() {
      globalThis.fetch = originalFetch;
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
