/** One program on each platform: Node, Deno, Bun and a browser. Their programs come from the npm registry. */
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { folderFor } from '../../../test/clients/generators.ts';
import { startApi, type TestApi } from '../../../test/support/api.ts';
import { openPage } from '../../../test/support/browser.ts';
import { freePort } from '../../../test/support/postgres-server.ts';
import { execute, firstFailing, registryFailure } from '../../../test/support/shell.ts';

/** The packages of npm, and the command in the folder in which they are installed. */
const platforms = [
  { name: 'Node 20', install: 'node@20', run: 'node_modules/node/bin/node' },
  { name: 'Node 22', install: 'node@22', run: 'node_modules/node/bin/node' },
  { name: 'Node 24', install: 'node@24', run: 'node_modules/node/bin/node' },
  { name: 'Deno', install: 'deno@2.9.6', run: 'node_modules/.bin/deno run --allow-net' },
  { name: 'Bun', install: 'bun@1.4.5', run: 'node_modules/.bin/bun' },
];

let api: TestApi;
let pagePort: number;

beforeAll(async () => {
  pagePort = await freePort();
  api = await startApi({ keep: true, environment: { CORS_ORIGINS: `http://127.0.0.1:${pagePort}` } });
});

afterAll(() => api.stop());

function newToken(): string {
  return api.token(api.user().userId as string);
}

/** The program and the client in one module. */
function bundle(end: string): string {
  const { outputFiles } = buildSync({
    stdin: { contents: `import { useClient } from './program.ts';\n${end}`, resolveDir: import.meta.dirname },
    bundle: true,
    format: 'esm',
    write: false,
  });
  return outputFiles[0]?.text ?? '';
}

for (const { name, install, run } of platforms) {
  test(name, async (context) => {
    const folder = folderFor(`client-${name}`);
    await execute(`npm install --no-save --no-audit --no-fund ${install}`, folder).catch((error: Error) => {
      const reason = registryFailure(error);
      context.skip(reason !== undefined, reason);
      throw error;
    });
    // npm may not run the scripts that download a program.
    const missing = await firstFailing([`${run.split(' ')[0]} --version`], folder);
    context.skip(missing !== undefined, `\`${missing}\` fails`);
    const call = `useClient(${JSON.stringify(api.url)}, ${JSON.stringify(newToken())})`;
    writeFileSync(join(folder, 'program.mjs'), bundle(`console.log(await ${call});`));
    expect(await execute(`${run} program.mjs`, folder)).toBe('ok\n');
  });
}

test('Chromium, from a page of another origin', async (context) => {
  const missing = await firstFailing(['chromium --version'], folderFor('client-chromium'));
  context.skip(missing !== undefined, `\`${missing}\` fails`);
  const pages = createServer((_, response) => response.setHeader('Content-Type', 'text/html').end('<!doctype html>'));
  await new Promise<void>((resolve) => pages.listen(pagePort, '127.0.0.1', resolve));
  onTestFinished(() => void pages.close());
  const page = await openPage(`http://127.0.0.1:${(pages.address() as AddressInfo).port}/`);
  const module = `data:text/javascript;base64,${Buffer.from(bundle('export { useClient };')).toString('base64')}`;
  const call = `useClient(${JSON.stringify(api.url)}, ${JSON.stringify(newToken())})`;
  expect(await page.evaluate(`import(${JSON.stringify(module)}).then(({ useClient }) => ${call})`)).toBe('ok');
});
