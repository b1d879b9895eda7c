/** The offline store in two tabs of a browser, with IndexedDB, Web Locks and a BroadcastChannel. */
import { createServer } from 'node:http';
import { buildSync } from 'esbuild';
import { expect, onTestFinished, test } from 'vitest';
import { folderFor } from '../../../test/clients/generators.ts';
import { startApi } from '../../../test/support/api.ts';
import { type Page, startBrowser } from '../../../test/support/browser.ts';
import { freePort } from '../../../test/support/postgres-server.ts';
import { firstFailing } from '../../../test/support/shell.ts';

const allTitles = ['Buy oat milk', 'From A', 'From B'];

/** The keys in the database of the store. */
const storedKeys = `indexedDB.databases().then(([{ name }]) => new Promise((resolve) => {
  indexedDB.open(name).onsuccess = ({ target }) => {
    const records = target.result.transaction('records').objectStore('records');
    records.getAllKeys().onsuccess = (event) => resolve(event.target.result);
  };
}))`;

async function servePage(port: number, settings: object): Promise<string> {
  const contents = `
    import { indexedDbStorage } from '../../src/offline/indexed-db.ts';
    import { openStore } from './offline-page.ts';
    globalThis.ready = openStore(${JSON.stringify(settings)}, indexedDbStorage());`;
  const { outputFiles } = buildSync({
    stdin: { contents, resolveDir: import.meta.dirname },
    bundle: true,
    format: 'iife',
    write: false,
  });
  const html = `<!doctype html><meta charset="utf-8"><script>${outputFiles[0]?.text}</script>`;
  const server = createServer((_, response) => response.setHeader('Content-Type', 'text/html').end(html));
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${port}/`;
}

/** Titles without their order. */
const shown = (page: Page) => page.evaluate('ready.then(() => states.at(-1).toSorted())');

const connection = (page: Page) => page.evaluate('ready.then(() => store.status().connection)');

test('two tabs work offline, also after a reload, and everything reaches the server once', async (context) => {
  const missing = await firstFailing(['chromium --version'], folderFor('client-offline'));
  context.skip(missing !== undefined, `\`${missing}\` fails`);
  const port = await freePort();
  const api = await startApi({ environment: { CORS_ORIGINS: `http://127.0.0.1:${port}` } });
  const user = api.user();
  const userId = user.userId as string;
  const { body: milk } = await user.post('/api/v1/tasks', { title: 'Buy milk' });
  const url = await servePage(port, { url: api.url, token: api.token(userId), userId });
  const browser = startBrowser();
  const [a, b] = [await browser.openPage(url), await browser.openPage(url)];
  const setOnline = async (isOnline: boolean) => {
    for (const page of [a, b]) {
      await page.send('Network.enable', {});
      await page.send('Network.setBlockedURLs', { urls: isOnline ? [] : [`${api.url}/*`] });
      await page.evaluate('ready.then(() => store.reconnect())');
    }
  };
  for (const page of [a, b]) await expect.poll(() => shown(page)).toEqual(['Buy milk']);

  await setOnline(false);
  await a.evaluate(
    `store.tasks.create({ title: 'From A' }).then(() => store.tasks.update('${milk.id}', { title: 'Buy oat milk' }))`,
  );
  await b.evaluate(
    `store.tasks.create({ title: 'From B' }).then(() => store.tasks.update('${milk.id}', { priority: 'High' }))`,
  );
  for (const page of [a, b]) await expect.poll(() => shown(page)).toEqual(allTitles);
  expect((await user.get('/api/v1/tasks')).body).toHaveLength(1);

  for (const page of [a, b]) await page.reload();
  for (const page of [a, b]) expect(await shown(page)).toEqual(allTitles);

  await setOnline(true);
  for (const page of [a, b]) {
    await expect.poll(() => page.evaluate('store.status().pending')).toBe(0);
    await expect.poll(() => connection(page)).toBe('online');
  }
  const { body: stored } = await user.get('/api/v1/tasks');
  expect(stored.map(({ title }: { title: string }) => title).sort()).toEqual(allTitles);
  expect(stored.find(({ id }: { id: string }) => id === milk.id)).toMatchObject({ priority: 'High', version: 3 });
  // A user has seen each task all the time.
  for (const page of [a, b]) {
    const states: string[][] = await page.evaluate('states');
    for (const state of states) expect(state.sort()).toEqual(allTitles);
  }

  // If the tab that sends ends, the other one continues.
  await a.close();
  await b.evaluate("store.tasks.create({ title: 'From the last tab' })");
  await expect.poll(async () => (await user.get('/api/v1/tasks')).body.length).toBe(4);
  await user.post('/api/v1/tasks', { title: 'From elsewhere' });
  await expect.poll(async () => (await shown(b)).includes('From elsewhere')).toBe(true);

  await b.evaluate('store.erase()');
  expect(await b.evaluate(storedKeys)).toEqual(['#revision']);
}, 120_000);
