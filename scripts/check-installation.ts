/** Steps that install a clone: with and without development dependencies, read-only, and as a git dependency. */
import { match, ok, strictEqual } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runProcess, startServer, stopServer } from './checked-server.ts';
import { npmCommand } from './npm-command.ts';

const root = join(import.meta.dirname, '..');
const quick = ['--no-audit', '--prefer-offline'];

/** Steps for check-package.ts. Each step depends on the previous ones. */
export function installationSteps(folder: string): Readonly<Record<string, () => Promise<void>>> {
  const clone = join(folder, 'clone');
  const dist = join(clone, 'dist');
  const application = join(folder, 'application');
  const data = join(folder, 'data');
  const environment = { DATABASE_URL: `pglite:${data}` };
  const inClone = { cwd: clone, environment };

  return {
    'without development dependencies: installs, and reports that it is not built': async () => {
      copyWorkingTree(clone);
      const { code, output } = await runProcess(...npmCommand('ci', '--omit=dev', ...quick), inClone);
      strictEqual(code, 0, output);
      match(output, /^todo-api is not built yet: typescript .*npm run build/m);
      const started = await runProcess(...npmCommand('start'), inClone);
      strictEqual(started.code, 1);
      match(started.output, /^todo-api is not built: typescript .*npm run build/m);
      ok(!started.output.includes('    at '), started.output);
    },

    'without development dependencies: runs a build that was copied there, and keeps it': async () => {
      cpSync(join(root, 'dist'), dist, { recursive: true });
      const { code, output } = await runProcess(...npmCommand('ci', '--omit=dev', ...quick), inClone);
      strictEqual(code, 0, output);
      await startServer(...npmCommand('start'), inClone);
      await stopServer();
      ok(existsSync(join(dist, 'cli', 'main.js')));
    },

    'with the manifest alone, as a layer of an image: installs': async () => {
      const layer = join(folder, 'layer');
      for (const name of ['package.json', 'package-lock.json']) cpSync(join(clone, name), join(layer, name));
      const { code, output } = await runProcess(...npmCommand('ci', '--omit=dev', ...quick), { cwd: layer });
      strictEqual(code, 0, output);
    },

    'in a clone: npm ci builds': async () => {
      rmSync(dist, { recursive: true });
      const { code, output } = await runProcess(...npmCommand('ci', ...quick), inClone);
      strictEqual(code, 0, output);
      ok(existsSync(join(dist, 'cli', 'main.js')));
    },

    'in a clone: npm start builds if the installation did not': async () => {
      rmSync(dist, { recursive: true });
      await startServer(...npmCommand('start'), inClone);
      await stopServer();
    },

    'pruned and read-only, as a user without a home: starts with npm and with node': async () => {
      const { code, output } = await runProcess(...npmCommand('prune', '--omit=dev', ...quick), inClone);
      strictEqual(code, 0, output);
      if (process.platform === 'win32') return;
      const image = join(folder, 'image');
      for (const name of ['package.json', 'node_modules', 'migrations', 'dist']) {
        cpSync(join(clone, name), join(image, name), { recursive: true, verbatimSymlinks: true });
      }
      execFileSync('chmod', ['-R', 'a-w,a+rX', image]);
      chmodSync(folder, 0o755);
      const isRoot = process.getuid?.() === 0;
      // Root can write everywhere, so the server runs as another user, who owns the data.
      if (isRoot) execFileSync('chown', ['-R', '65534:65534', data]);
      const [program = 'env', ...words] = isRoot
        ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
        : ['env'];
      const reader = { cwd: image, environment: { ...environment, HOME: '/nonexistent' } };
      try {
        for (const command of [
          ['npm', 'start'],
          ['node', 'dist/cli/main.js', 'serve'],
        ]) {
          await startServer(program, [...words, ...command], reader);
          await stopServer();
        }
      } finally {
        execFileSync('chmod', ['-R', 'u+w', image]);
      }
    },

    'as a dependency from git: is built, and its command starts': async () => {
      const git = (...words: string[]) => execFileSync('git', words, { cwd: clone, stdio: 'pipe' });
      git('init', '--quiet');
      git('add', '--all');
      git('-c', 'user.name=check', '-c', 'user.email=check@localhost', 'commit', '--quiet', '--message=check');
      mkdirSync(application);
      writeFileSync(join(application, 'package.json'), '{"private":true}');
      const address = `git+file://${clone}`;
      const { code, output } = await runProcess(...npmCommand('install', ...quick, address), { cwd: application });
      strictEqual(code, 0, output);
      await startServer('npx', ['--no', '--', 'todo-api'], { cwd: application });
      await stopServer();
    },
  };
}

/** Copies the files of the working tree that git does not ignore. */
function copyWorkingTree(target: string): void {
  const names = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  });
  for (const name of names.split('\0').filter((entry) => entry !== '' && existsSync(join(root, entry)))) {
    mkdirSync(dirname(join(target, name)), { recursive: true });
    cpSync(join(root, name), join(target, name));
  }
}
