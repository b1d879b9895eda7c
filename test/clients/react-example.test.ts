/** The React example in two tabs of a browser, with the embedded issuer. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { expect, onTestFinished, test } from 'vitest';
import { startApi } from '../support/api.ts';
import { freePort } from '../support/postgres-server.ts';
import { firstFailing } from '../support/shell.ts';
import { folderFor } from './generators.ts';

const folder = join(import.meta.dirname, '..', '..', 'examples', 'react-tasks');

/** Records the titles that a user sees, after each change of the page. */
const recorder = `
  globalThis.states = [];
  new MutationObserver(() => {
    if (!document.querySelector('#tasks')) return;
    states.push([...document.querySelectorAll('#tasks li')].map((item) => item.textContent).toSorted());
  }).observe(document, { subtree: true, childList: true, characterData: true });`;

async function serveExample(port: number, apiUrl: string): Promise<string> {
  const { outputFiles } = buildSync({
    entryPoints: [join(folder, 'src', 'main.tsx')],
    bundle: true,
    format: 'esm',
    target: 'es2022',
    write: false,
  });
  const html = readFileSync(join(folder, 'index.html'), 'utf8').replace('http://localhost:3000', apiUrl);
  const server = createServer(({ url }, response) => {
    if (url === '/main.js') response.setHeader('Content-Type', 'text/javascript').end(outputFiles[0]?.text);
    else response.setHeader('Content-Type', 'text/html').end(html);
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${port}/`;
}

/** A browser with a profile of its own, in which each page records its titles. It ends at the end of the test. */
async function startDevice(executablePath: string): Promise<BrowserContext> {
  // As root, Chromium has no sandbox.
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  onTestFinished(() => browser.close());
  const device = await browser.newContext();
  await device.addInitScript(recorder);
  return device;
}

async function openPage(device: BrowserContext, url: string): Promise<Page> {
  const page = await device.newPage();
  await page.goto(url);
  return page;
}

async function signIn(page: Page, { isNew }: { isNew: boolean }): Promise<void> {
  await page.locator('#sign-in [name=email]').fill('ada@example.com');
  await page.locator('#sign-in [name=password]').fill('correct horse battery');
  if (isNew) await page.locator('#sign-in [name=signUp]').check();
  await page.locator('#sign-in button').click();
}

async function addTask(page: Page, title: string): Promise<void> {
  await page.locator('#add [name=title]').fill(title);
  await page.locator('#add [name=title]').press('Enter');
}

const titles = (page: Page): Promise<string[]> => page.evaluate('states.at(-1) ?? []');
const text = (page: Page): Promise<string> => page.locator('body').innerText();

/** Titles that a user has seen, and then not any more. */
async function disappeared(page: Page): Promise<string[]> {
  const states: string[][] = await page.evaluate('states');
  return states.flatMap((state, index) => (states[index - 1] ?? []).filter((title) => !state.includes(title)));
}

test('two tabs add tasks offline, reload, and show each task once and without a gap', async (context) => {
  const missing = await firstFailing(['chromium --version'], folderFor('react-example'));
  context.skip(missing !== undefined, `\`${missing}\` fails`);
  const executablePath = execFileSync('which', ['chromium'], { encoding: 'utf8' }).trim();
  const port = await freePort();
  const api = await startApi({ environment: { AUTH_MODE: 'embedded', CORS_ORIGINS: `http://127.0.0.1:${port}` } });
  const url = await serveExample(port, api.url);
  const device = await startDevice(executablePath);
  const a = await openPage(device, url);
  await signIn(a, { isNew: true });
  await expect.poll(() => text(a)).toContain('online, 0 not sent');
  await addTask(a, 'Buy milk');
  const b = await openPage(device, url);
  const tabs = [a, b];
  for (const tab of tabs) await expect.poll(() => titles(tab)).toEqual(['Buy milk']);
  // The box changes with the task, which can be after the click.
  await b.getByLabel('Buy milk').click();
  await expect.poll(() => a.getByLabel('Buy milk').isChecked()).toBe(true);

  // Only the API cannot be reached, because the tabs load their page again. New requests fail, and so do streams.
  await device.route(`${api.url}/**`, (route) => route.abort());
  await addTask(a, 'From A');
  await addTask(b, 'From B');
  const all = ['Buy milk', 'From A', 'From B'];
  for (const tab of tabs) await expect.poll(() => titles(tab)).toEqual(all);
  for (const tab of tabs) expect(await disappeared(tab)).toEqual([]);
  for (const tab of tabs) await tab.reload();
  for (const tab of tabs) await expect.poll(() => titles(tab)).toEqual(all);
  for (const tab of tabs) await expect.poll(() => text(tab)).toContain('offline, 2 not sent');

  await device.unroute(`${api.url}/**`);
  for (const tab of tabs) await tab.evaluate("dispatchEvent(new Event('online'))");
  for (const tab of tabs) await expect.poll(() => text(tab)).toContain('online, 0 not sent');
  for (const tab of tabs) expect(await tab.evaluate('[...new Set(states.map(String))]')).toEqual([String(all)]);

  // The server refuses a task without a title. The user corrects it.
  await addTask(a, ' ');
  for (const tab of tabs) await expect.poll(() => text(tab)).toContain('Not saved: title');
  expect(await titles(a)).toEqual(all);
  await b.locator('.rejected [name=title]').fill('Buy bread');
  await b.locator('.rejected [name=title]').press('Enter');
  for (const tab of tabs) await expect.poll(() => titles(tab)).toEqual(['Buy bread', ...all]);
  for (const tab of tabs) await expect.poll(() => text(tab)).toContain('online, 0 not sent');
  expect(await text(a)).not.toContain('Not saved');

  // Another device has the same tasks.
  const c = await openPage(await startDevice(executablePath), url);
  await signIn(c, { isNew: false });
  await expect.poll(() => titles(c)).toEqual(['Buy bread', ...all]);

  await a.getByRole('button', { name: 'Sign out' }).click();
  for (const tab of tabs) await tab.locator('#sign-in').waitFor();
  for (const tab of tabs) expect(await tab.locator('#tasks').count()).toBe(0);
}, 120_000);
