/** The example application with Better Auth: its server and its pages use the API with the tokens of its users. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openPage } from '../support/browser.ts';
import { freePort } from '../support/postgres-server.ts';
import { type BuiltServer, root, runSource, serveReady, until } from './built-command.ts';

const folder = join(root, 'examples', 'better-auth');
const readme = readFileSync(join(folder, 'README.md'), 'utf8');
const user = { name: 'Ada <Lovelace>', email: 'ada@example.com', password: 'correct horse battery' };

test('its server lists and creates tasks of the user', async () => {
  const { appUrl } = await startBoth();
  const signedUp = await fetch(`${appUrl}/api/auth/sign-up/email`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Origin: appUrl },
    body: JSON.stringify(user),
  });
  expect(signedUp.status).toBe(200);
  const Cookie = signedUp.headers
    .getSetCookie()
    .map((line) => line.replace(/;.*/, ''))
    .join('; ');
  const added = await fetch(`${appUrl}/tasks`, {
    method: 'POST',
    headers: { Cookie, Origin: appUrl },
    body: new URLSearchParams({ title: 'Buy <milk>' }),
  });
  expect(added.url).toBe(`${appUrl}/`);
  const page = await (await fetch(appUrl, { headers: { Cookie } })).text();
  expect(page).toContain('Tasks of Ada &lt;Lovelace&gt;');
  expect(page).toContain('<li>Buy &lt;milk&gt; (Todo)</li>');
  expect(await (await fetch(appUrl)).text()).toContain('<button>Sign up</button>');
});

test('its pages sign up, add a task, and call the API from the browser', async (context) => {
  const hasBrowser = spawnSync('chromium', ['--version']).status === 0;
  if (!hasBrowser && process.env.CI) throw new Error('chromium is not installed');
  context.skip(!hasBrowser, 'chromium is not installed');
  const { appUrl } = await startBoth('127.0.0.1');
  const page = await openPage(appUrl);
  const typeInto = (name: string, value: string) =>
    `document.querySelector('[name=${name}]').value = ${JSON.stringify(value)};`;
  await page.evaluate(
    `${Object.entries(user)
      .map(([name, value]) => typeInto(name, value))
      .join('')} document.querySelector('button').click()`,
  );
  await expect.poll(() => page.evaluate('document.body.textContent')).toContain('Tasks of Ada <Lovelace>');
  await page.evaluate(`${typeInto('title', 'Buy <milk>')} document.querySelector('button').click()`);
  await expect.poll(() => page.evaluate('document.body.textContent')).toContain('Buy <milk> (Todo)');
  await page.evaluate("location.assign('/browser')");
  await expect.poll(() => page.evaluate('document.querySelector("[data-api] li")?.textContent')).toBe('Buy <milk>');
});

/** Starts the API and the application, as the README of the example does, on free ports. */
async function startBoth(host = 'localhost'): Promise<{ api: BuiltServer; appUrl: string }> {
  const appUrl = `http://${host}:${await freePort()}`;
  const [, assignments = ''] = /^(AUTH_MODE=.*) npm start$/m.exec(readme) ?? [];
  const variables = assignments.split(' ').map((assignment) => assignment.replace('http://localhost:4000', appUrl));
  const api = await serveReady(Object.fromEntries(variables.map((assignment) => assignment.split('=', 2))));
  const apiUrl = `http://${host}:${api.port}`;
  const application = runSource(join(folder, 'app.ts'), [], { environment: { APP_URL: appUrl, API_URL: apiUrl } });
  await until(async () => (await fetch(`${appUrl}/api/auth/ok`).catch(() => null))?.ok ?? false, application);
  return { api, appUrl };
}
