/** `npm run dev`: the server from the sources, which restarts after a change. */
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from '../support/postgres-server.ts';
import { emptyFolder, root, run, until, untilReady } from './built-command.ts';

const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };

test('serves the sources, restarts after a change, and stops', async () => {
  const directory = emptyFolder();
  for (const name of ['src', 'scripts', 'migrations', 'dist', 'package.json', 'tsconfig.json', 'tsconfig.build.json']) {
    cpSync(join(root, name), join(directory, name), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'), 'junction');
  const port = await freePort();
  const url = `http://localhost:${port}`;
  expect(scripts.predev).toBe(scripts.prestart);
  const line = scripts.dev?.replace(/^tsx /, `exec '${join(root, 'node_modules', '.bin', 'tsx')}' `) ?? '';
  const dev = run('sh', ['-c', line], { directory, environment: { PORT: String(port) } });
  const server = { ...dev, url };
  // tsx stops the server only on a signal that it can handle.
  onTestFinished(async () => {
    dev.process.kill('SIGTERM');
    await dev.ended;
  });
  await untilReady(server);
  expect(await titleOf(url)).not.toContain('changed by the test');

  const file = join(directory, 'src', 'problems', 'catalogue.ts');
  const source = readFileSync(file, 'utf8');
  const changed = source.replaceAll(/title: '/g, "title: 'changed by the test: ");
  expect(changed).not.toBe(source);
  writeFileSync(file, changed);
  await until(async () => (await titleOf(url)).includes('changed by the test'), server);
  await untilReady(server);
  // The new process takes over the data directory of the first one.
  const events = () => [...server.output().matchAll(/"msg":"(ready|stopped)"/g)].map(([, event]) => event);
  await expect.poll(events).toEqual(['ready', 'stopped', 'ready']);

  server.process.kill('SIGTERM');
  await server.ended;
  await expect(fetch(url)).rejects.toThrow();
});

/** The titles of all problems; empty while the server restarts. */
async function titleOf(url: string): Promise<string> {
  const response = await fetch(`${url}/problems/malformed-request`).catch(() => null);
  return response ? response.text() : '';
}
