/** Steps that pack the client package, install it in an application, and compile the application. */
import { deepStrictEqual, strictEqual } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { runProcess } from './checked-server.ts';
import { npmCommand } from './npm-command.ts';

const root = join(import.meta.dirname, '..');
const client = join(root, 'client');
const compiler = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');

/** What the types allow and reject. */
const typeProgram = `
import { createTodoClient, TodoProblem } from 'todo-api-client';

const client = createTodoClient({ url: '', getToken: async () => null });
for await (const { title } of client.tasks.list({ status: 'Todo', tag: ['home'] })) title.trim();
const { changeSet } = await client.tasks.update('t1', { due: null }, { ifVersion: 1 }).withResponse();
await client.changeSets.undo(changeSet);
const code = (error: unknown) => (error instanceof TodoProblem ? error.code : undefined);
if (code(null) === 'version_mismatch') throw new Error();

// @ts-expect-error: no such code
if (code(null) === 'version_mismatched') throw new Error();
// @ts-expect-error: no such field
await client.tasks.create({ title: 'x', dueDate: '2026-12-01' });
// @ts-expect-error: no such value
client.tasks.list({ status: 'Open' });
// @ts-expect-error: no such field in a response
(await client.tasks.get('t1')).titel;
// @ts-expect-error: a read has no change set
(await client.me().withResponse()).changeSet;
`;

/** Steps for check-package.ts. Each step depends on the previous ones. */
export function clientSteps(folder: string): Readonly<Record<string, () => Promise<void>>> {
  const packed = join(folder, 'packed-client');
  const application = join(folder, 'client-application');

  return {
    'client: packs only the necessary files': async () => {
      mkdirSync(packed);
      execFileSync(...npmCommand('pack', '--silent', '--pack-destination', packed), { cwd: client });
      const files = execFileSync('tar', ['-tzf', tarball()], { encoding: 'utf8' }).trim().split('\n');
      const expected = /^package\/(dist\/.+\.(js|d\.ts)|package\.json|README\.md|LICENSE)$/;
      deepStrictEqual(
        files.filter((file) => !expected.test(file)),
        [],
      );
    },

    'client: installs without dependencies, and loads in Node': async () => {
      mkdirSync(application);
      writeFileSync(join(application, 'package.json'), '{"private":true,"type":"module"}');
      const { code, output } = await runProcess(...npmCommand('install', '--no-audit', tarball()), {
        cwd: application,
      });
      strictEqual(code, 0, output);
      deepStrictEqual(
        readdirSync(join(application, 'node_modules')).filter((name) => !name.startsWith('.')),
        ['todo-api-client'],
      );
      const load =
        "const { createTodoClient } = await import('todo-api-client'); console.log(typeof createTodoClient);";
      const loaded = await runProcess(process.execPath, ['--input-type=module', '--eval', load], { cwd: application });
      strictEqual(loaded.output.trim(), 'function');
    },

    'client: applications and the programs of the README compile': async () => {
      writeFileSync(join(application, 'types.ts'), typeProgram);
      const readme = readFileSync(join(client, 'README.md'), 'utf8');
      const programs = [...readme.matchAll(/^```(tsx?)\n(.*?)^```$/gms)].map(([, extension, program = ''], index) => {
        const name = `readme-${index}.${extension}`;
        writeFileSync(join(application, name), program);
        return name;
      });
      for (const name of ['@tanstack', '@types', 'better-auth', 'react']) {
        symlinkSync(join(root, 'node_modules', name), join(application, 'node_modules', name), 'junction');
      }
      // Without skipLibCheck, the declarations of the package are checked, too.
      await compile(['--module', 'nodenext', 'types.ts']);
      await compile(['--module', 'esnext', '--moduleResolution', 'bundler', 'types.ts']);
      strictEqual(programs.length, 5);
      await compile(['--module', 'nodenext', '--jsx', 'react-jsx', '--types', 'node', '--skipLibCheck', ...programs]);
    },
  };

  async function compile(words: readonly string[]): Promise<void> {
    const options = [
      '--strict',
      '--noEmit',
      '--exactOptionalPropertyTypes',
      '--target',
      'es2022',
      '--lib',
      'es2022,dom',
    ];
    const { code, output } = await runProcess(process.execPath, [compiler, '--types', '', ...options, ...words], {
      cwd: application,
    });
    strictEqual(code, 0, `${words.join(' ')}: ${output}`);
  }

  function tarball(): string {
    const [name = ''] = readdirSync(packed);
    return join(packed, name);
  }
}
