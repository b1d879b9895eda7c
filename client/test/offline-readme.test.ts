/** The program about offline use in the README, as it stands, against a server. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { expect, test } from 'vitest';
import { emptyFolder, root, run, until } from '../../test/e2e/built-command.ts';
import { startApi } from '../../test/support/api.ts';

const client = join(root, 'client');
const [, , program = ''] =
  /```ts\n(.*?)^```$.*?^```ts\n(.*?)^```$/ms.exec(readFileSync(join(client, 'README.md'), 'utf8')) ?? [];

/** The module of each export of the package. */
const modules = Object.entries<{ readonly default: string }>(
  JSON.parse(readFileSync(join(client, 'package.json'), 'utf8')).exports,
).flatMap(([name, target]) =>
  typeof target === 'string'
    ? []
    : [[`todo-api-client${name.slice(1)}`, target.default.replace('./dist', 'src').replace(/\.js$/, '.ts')] as const],
);

test('each export of the package is a module', () => {
  expect(modules.map(([name]) => name).sort()).toEqual([
    'todo-api-client',
    'todo-api-client/file',
    'todo-api-client/import',
    'todo-api-client/indexed-db',
    'todo-api-client/offline',
    'todo-api-client/tanstack-db',
    'todo-api-client/tanstack-query',
  ]);
  expect(modules.filter(([, file]) => !existsSync(join(client, file)))).toEqual([]);
});

test('the program writes, shows and follows tasks, and has its rejected task changed', async () => {
  const api = await startApi();
  const user = api.user();
  const directory = emptyFolder();
  const { outputFiles } = buildSync({
    stdin: { contents: program.replace('http://localhost:3000', api.url), resolveDir: client, loader: 'ts' },
    // The longest name first, because the name of the package is the beginning of the others.
    alias: Object.fromEntries(modules.toReversed().map(([name, file]) => [name, join(client, file)])),
    bundle: true,
    platform: 'node',
    format: 'esm',
    write: false,
  });
  writeFileSync(join(directory, 'program.mjs'), outputFiles[0]?.text ?? '');
  const environment = { TOKEN: api.token(user.userId as string), USER_ID: user.userId as string };
  const running = run(process.execPath, ['program.mjs'], { directory, environment });
  await until(() => /^online: .*Buy bread/m.test(running.output()), running);
  expect(running.output()).toMatch(/^Rejected: title: /m);
  await expect
    .poll(async () => (await user.get('/api/v1/tasks?sort=created_at')).body)
    .toMatchObject([{ title: 'Buy milk', priority: 'High' }, { title: 'Buy bread' }]);
  await user.post('/api/v1/tasks', { title: 'From elsewhere' });
  await until(() => /^online: .*From elsewhere/m.test(running.output()), running);
  running.process.kill('SIGTERM');
  expect(await running.ended).toMatchObject({ code: 0, stderr: '' });
});
