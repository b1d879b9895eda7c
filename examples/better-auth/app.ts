/**
 * Application with its own Better Auth server, which uses the API for the tasks of its users. Its pages call the API in
 * two ways: on the server (`/`) and in the browser (`/browser`).
 */
import { serve } from '@hono/node-server';
import { betterAuth } from 'better-auth';
import { memoryAdapter } from 'better-auth/adapters/memory';
import { jwt } from 'better-auth/plugins';
import { Hono } from 'hono';
import { page, signUpForm, taskList, taskScript } from './pages.ts';

const appUrl = process.env.APP_URL ?? 'http://localhost:4000';
const apiUrl = process.env.API_URL ?? 'http://localhost:3000';

const auth = betterAuth({
  baseURL: appUrl,
  secret: process.env.APP_SECRET ?? 'replace this secret of the example',
  // A real application has a database here. With this one, users disappear when the process ends.
  database: memoryAdapter({ user: [], session: [], account: [], verification: [], jwks: [] }),
  emailAndPassword: { enabled: true },
  telemetry: { enabled: false },
  // Without definePayload, a token contains the whole user record. The API needs only the user id.
  plugins: [jwt({ jwt: { definePayload: () => ({}) } })],
});

const app = new Hono();

app.on(['GET', 'POST'], '/api/auth/*', (context) => auth.handler(context.req.raw));

app.get('/', async (context) => {
  const headers = context.req.raw.headers;
  const session = await auth.api.getSession({ headers });
  if (!session) return context.html(page(signUpForm()));
  const response = await callApi(headers, '/api/v1/tasks?sort=due');
  const tasks = (await response.json()) as { title: string; status: string }[];
  return context.html(page(taskList(session.user.name, tasks)));
});

app.post('/tasks', async (context) => {
  const { title } = await context.req.parseBody();
  const response = await callApi(context.req.raw.headers, '/api/v1/tasks', { title });
  return response.ok ? context.redirect('/') : context.text(await response.text(), 502);
});

app.get('/browser', (context) => context.html(page(taskScript(apiUrl))));

/** Calls the API as the user of the session in these headers. */
async function callApi(headers: Headers, path: string, body?: object): Promise<Response> {
  const { token } = await auth.api.getToken({ headers });
  return fetch(`${apiUrl}${path}`, {
    method: body ? 'POST' : 'GET',
    headers: { Authorization: `Bearer ${token}`, ...(body && { 'Content-Type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  });
}

serve({ fetch: app.fetch, port: Number(new URL(appUrl).port) }, () => console.log(`The application is at ${appUrl}`));
