/** The program of the README, as it stands, with the built client against the built server. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { transformSync } from 'esbuild';
import { expect, test } from 'vitest';
import { emptyFolder, root, run, serveReady, until } from '../../test/e2e/built-command.ts';

const client = join(root, 'client');
const require = createRequire(import.meta.url);
const [, program = ''] = /^```ts\n(.*?)^```$/ms.exec(readFileSync(join(client, 'README.md'), 'utf8')) ?? [];

test('the program signs in, lists, follows changes, and handles conflicts and rejections', async () => {
  expect(program.trim().split('\n').length).toBeLessThan(80);
  const server = await serveReady();
  const directory = folderWithPackages();
  const { code } = transformSync(program.replace('http://localhost:3000', server.url), { loader: 'ts' });
  writeFileSync(join(directory, 'program.mjs'), code);
  const running = run(process.execPath, ['program.mjs'], { directory });
  await until(() => /validation_failed/.test(running.output()) && /Copy: Buy bread/.test(running.output()), running);
  const lines = running.output().trim().split('\n');
  expect(lines.slice(0, 2)).toEqual(['To do: Buy milk', 'Copy: Buy milk']);
  expect(lines.filter((line) => /^\w+: /.test(line) && !line.startsWith('Copy'))).toEqual([
    expect.stringMatching(/^version_mismatch: \w+/),
    expect.stringMatching(/^validation_failed: title: /),
  ]);
});

/** A folder in which the built client and Better Auth are installed. */
function folderWithPackages(): string {
  const folder = emptyFolder();
  const installed = join(folder, 'node_modules', 'todo-api-client');
  mkdirSync(installed, { recursive: true });
  cpSync(join(client, 'package.json'), join(installed, 'package.json'));
  const compiler = join(dirname(require.resolve('typescript/package.json')), 'bin', 'tsc');
  execFileSync(process.execPath, [
    compiler,
    '-p',
    join(client, 'tsconfig.build.json'),
    '--outDir',
    join(installed, 'dist'),
  ]);
  symlinkSync(join(root, 'node_modules', 'better-auth'), join(folder, 'node_modules', 'better-auth'), 'junction');
  return folder;
}
