/** The React example in two tabs of a browser, with the embedded issuer. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { expect, onTestFinished, test } from 'vitest';
import { startApi } from '../support/api.ts';
import { type Page, startBrowser } from '../support/browser.ts';
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

/** Fills in the form and submits it, as soon as the page has it. */
async function submit(page: Page, form: string, values: Readonly<Record<string, string | true>>): Promise<void> {
  await expect.poll(() => page.evaluate(`!!document.querySelector('${form}')`)).toBe(true);
  await page.evaluate(`{
    const form = document.querySelector('${form}');
    for (const [name, value] of Object.entries(${JSON.stringify(values)})) {
      if (value === true) form.elements[name].checked = true;
      else form.elements[name].value = value;
    }
    form.requestSubmit();
  }`);
}

const addTask = (page: Page, title: string) => submit(page, '#add', { title });
const titles = (page: Page): Promise<string[]> => page.evaluate('states.at(-1) ?? []');
/** Titles that a user has seen, and then not any more. */
async function disappeared(page: Page): Promise<string[]> {
  const states: string[][] = await page.evaluate('states');
  return states.flatMap((state, index) => (states[index - 1] ?? []).filter((title) => !state.includes(title)));
}

const text = (page: Page): Promise<string> => page.evaluate('document.body.innerText');
const complete = (page: Page, title: string) =>
  page.evaluate(`[...document.querySelectorAll('#tasks label')]
    .find((label) => label.textContent === ${JSON.stringify(title)}).click()`);

test('two tabs add tasks offline, reload, and show each task once and without a gap', async (context) => {
  const missing = await firstFailing(['chromium --version'], folderFor('react-example'));
  context.skip(missing !== undefined, `\`${missing}\` fails`);
  const port = await freePort();
  const api = await startApi({ environment: { AUTH_MODE: 'embedded', CORS_ORIGINS: `http://127.0.0.1:${port}` } });
  const url = await serveExample(port, api.url);
  const browser = startBrowser();
  const open = async () => {
    const page = await browser.openPage(url);
    await page.send('Page.addScriptToEvaluateOnNewDocument', { source: recorder });
    await page.send('Network.enable', {});
    await page.reload();
    return page;
  };
  const a = await open();
  await submit(a, '#sign-in', { email: 'ada@example.com', password: 'correct horse battery', signUp: true });
  await expect.poll(() => text(a)).toContain('online, 0 not sent');
  await addTask(a, 'Buy milk');
  const b = await open();
  const tabs = [a, b];
  for (const tab of tabs) await expect.poll(() => titles(tab)).toEqual(['Buy milk']);
  await complete(b, 'Buy milk');
  await expect.poll(() => a.evaluate("document.querySelector('#tasks input').checked")).toBe(true);

  const setOnline = async (isOnline: boolean) => {
    const urls = isOnline ? [] : [`${api.url}/*`];
    for (const tab of tabs) await tab.send('Network.setBlockedURLs', { urls });
  };
  await setOnline(false);
  await addTask(a, 'From A');
  await addTask(b, 'From B');
  const all = ['Buy milk', 'From A', 'From B'];
  for (const tab of tabs) await expect.poll(() => titles(tab)).toEqual(all);
  for (const tab of tabs) expect(await disappeared(tab)).toEqual([]);
  for (const tab of tabs) await tab.reload();
  for (const tab of tabs) await expect.poll(() => titles(tab)).toEqual(all);
  for (const tab of tabs) await expect.poll(() => text(tab)).toContain('offline, 2 not sent');

  await setOnline(true);
  for (const tab of tabs) await tab.evaluate("dispatchEvent(new Event('online'))");
  for (const tab of tabs) await expect.poll(() => text(tab)).toContain('online, 0 not sent');
  for (const tab of tabs) expect(new Set(await tab.evaluate('states.map(String)'))).toEqual(new Set([String(all)]));

  // The server refuses a task without a title. The user corrects it.
  await addTask(a, ' ');
  for (const tab of tabs) await expect.poll(() => text(tab)).toContain('Not saved: title');
  expect(await titles(a)).toEqual(all);
  await submit(b, '.rejected', { title: 'Buy bread' });
  for (const tab of tabs) await expect.poll(() => titles(tab)).toEqual(['Buy bread', ...all]);
  for (const tab of tabs) await expect.poll(() => text(tab)).toContain('online, 0 not sent');
  expect(await text(a)).not.toContain('Not saved');

  // Another device has the same tasks.
  const other = startBrowser();
  const c = await other.openPage(url);
  await c.send('Page.addScriptToEvaluateOnNewDocument', { source: recorder });
  await c.reload();
  await submit(c, '#sign-in', { email: 'ada@example.com', password: 'correct horse battery' });
  await expect.poll(() => titles(c)).toEqual(['Buy bread', ...all]);

  await a.evaluate(
    "[...document.querySelectorAll('button')].find(({ textContent }) => textContent === 'Sign out').click()",
  );
  for (const tab of tabs) await expect.poll(() => tab.evaluate("!!document.querySelector('#sign-in')")).toBe(true);
  for (const tab of tabs) expect(await tab.evaluate("document.querySelector('#tasks')")).toBe(null);
}, 120_000);
