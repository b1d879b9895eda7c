/**
 * Application whose users sign in to their AI assistants. Its Better Auth server is an authorization server (OAuth 2.1), and
 * issues tokens for the MCP server of the API.
 */

import { mcp } from '@better-auth/mcp';
import { serve } from '@hono/node-server';
import { type BetterAuthPlugin, betterAuth } from 'better-auth';
import { memoryAdapter } from 'better-auth/adapters/memory';
import { jwt } from 'better-auth/plugins';
import { Hono } from 'hono';
import { consentPage, signInPage } from './pages.ts';

const appUrl = process.env.APP_URL ?? 'http://localhost:4000';
const apiUrl = process.env.API_URL ?? 'http://localhost:3000';

const oauthTables = [
  'Client',
  'Resource',
  'ClientResource',
  'RefreshToken',
  'AccessToken',
  'Consent',
  'ClientAssertion',
];
const tables = ['user', 'session', 'account', 'verification', 'jwks', ...oauthTables.map((name) => `oauth${name}`)];

const auth = betterAuth({
  baseURL: appUrl,
  secret: process.env.APP_SECRET ?? 'replace this secret of the example',
  // A real application has a database here. With this one, users disappear when the process ends.
  database: memoryAdapter(Object.fromEntries(tables.map((name) => [name, []]))),
  emailAndPassword: { enabled: true },
  telemetry: { enabled: false },
  plugins: [
    // All tokens have the issuer that the API expects with BETTER_AUTH_URL.
    jwt({ jwt: { issuer: appUrl, definePayload: () => ({}) } }),
    mcp({
      resource: `${apiUrl}/mcp`,
      scopes: ['tasks:read', 'tasks:write', 'offline_access'],
      loginPage: '/sign-in',
      consentPage: '/consent',
      // Assistants register themselves (RFC 7591).
      allowDynamicClientRegistration: true,
      allowUnauthenticatedClientRegistration: true,
      // Its type does not fit with the compiler's option exactOptionalPropertyTypes, which this repository uses.
    }) as unknown as BetterAuthPlugin,
  ],
});

const app = new Hono();

app.on(['GET', 'POST'], ['/api/auth/*', '/.well-known/*'], (context) => auth.handler(context.req.raw));

app.get('/sign-in', (context) => context.html(signInPage()));

app.get('/consent', (context) => context.html(consentPage(context.req.query('scope') ?? '')));

serve({ fetch: app.fetch, port: Number(new URL(appUrl).port) }, () => console.log(`The application is at ${appUrl}`));
