/** The build: it is replaced atomically, and `npm start` never removes a build that it cannot replace. */
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { emptyFolder, root, run, until } from './built-command.ts';

const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };

const notInstalled =
  'typescript and swagger-ui-dist is not installed. Run `npm ci --include=dev && npm run build`, or copy dist/ here.';

test('a failed build leaves the previous one', async () => {
  const project = smallProject();
  expect(await project.build()).toMatchObject({ code: 0, stderr: '' });
  project.write('src/cli/main.ts', "const wrong: number = 'text';\n");
  expect(await project.build()).toMatchObject({ code: 1, stdout: expect.stringContaining('src/cli/main.ts') });
  expect(project.built()).toBe("console.log('first');\n");
  expect(project.leftovers()).toEqual([]);
});

test('an interrupted build leaves the previous one', async () => {
  const project = smallProject();
  await project.build();
  project.write('src/cli/main.ts', "console.log('second');\n");
  // The compiler takes a second for it, so that the signal arrives before the end of the build.
  project.write('src/large.ts', `export const large = [${"{ a: 1, b: 'x' },".repeat(200_000)}];\n`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    const building = project.start('exec node scripts/build.js');
    await until(() => project.leftovers().length > 0, building);
    building.process.kill(signal);
    expect((await building.ended).code).toBe(1);
    expect(project.built()).toBe("console.log('first');\n");
    expect(project.leftovers()).toEqual([]);
  }
});

test('concurrent builds all succeed', async () => {
  const project = smallProject();
  const ended = await Promise.all([project.build(), project.build(), project.build()]);
  expect(ended.map(({ code, stderr }) => ({ code, stderr }))).toEqual(Array(3).fill({ code: 0, stderr: '' }));
  expect(project.built()).toBe("console.log('first');\n");
  expect(project.leftovers()).toEqual([]);
});

test('replacing a directory succeeds while another process replaces it, too', async () => {
  const directory = emptyFolder();
  const program = `
    import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
    import { replaceDirectory } from ${JSON.stringify(pathToFileURL(join(root, 'scripts', 'dist.js')))};
    for (let round = 0; round < 500; round += 1) {
      const folder = mkdtempSync('.dist-');
      mkdirSync(folder + '/new');
      writeFileSync(folder + '/new/cli.js', '');
      replaceDirectory('dist', folder + '/new', folder);
      rmSync(folder, { recursive: true });
    }`;
  const words = ['--input-type=module', '--eval', program];
  const ended = await Promise.all([0, 1].map(() => run(process.execPath, words, { directory }).ended));
  expect(ended).toMatchObject(Array(2).fill({ code: 0, stderr: '' }));
  expect(readdirSync(directory)).toEqual(['dist']);
  expect(readdirSync(join(directory, 'dist'))).toEqual(['cli.js']);
});

test('without a compiler a build fails with the fix, and removes nothing', async () => {
  const project = smallProject({ tools: false });
  project.write('dist/cli/main.js', "console.log('copied');\n");
  expect(await project.build()).toMatchObject({
    code: 1,
    stdout: '',
    stderr: 'build: typescript and swagger-ui-dist must be installed. Run `npm ci --include=dev` first.\n',
  });
  expect(project.built()).toBe("console.log('copied');\n");
});

test('npm start and an installation build only if the build is missing or older than the sources', async () => {
  const project = smallProject();
  for (const event of ['postprepare', 'prestart'] as const) {
    project.write('src/cli/main.ts', `console.log('${event}');\n`);
    expect(await project.lifecycle(event)).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(project.built()).toBe(`console.log('${event}');\n`);
  }
  project.write('dist/cli/main.js', "console.log('kept');\n");
  await project.lifecycle('prestart');
  expect(project.built()).toBe("console.log('kept');\n");
});

test('without a compiler npm start runs the existing build, and warns if it is older than the sources', async () => {
  const project = smallProject({ tools: false });
  project.write('dist/cli/main.js', "console.log('copied');\n");
  for (const event of ['postprepare', 'prestart'] as const) {
    expect(await project.lifecycle(event)).toEqual({
      code: 0,
      stdout: '',
      stderr: `todo-api: dist/ was built from other sources and is used as it is: ${notInstalled}\n`,
    });
  }
  expect(project.built()).toBe("console.log('copied');\n");
});

test('without a compiler and a build an installation succeeds, and npm start fails with one line', async () => {
  const project = smallProject({ tools: false });
  expect(await project.lifecycle('postprepare')).toEqual({
    code: 0,
    stdout: '',
    stderr: `todo-api is not built yet: ${notInstalled}\n`,
  });
  expect(await project.lifecycle('prestart')).toEqual({
    code: 1,
    stdout: '',
    stderr: `todo-api is not built: ${notInstalled}\n`,
  });
});

test('a compiler of another version, in a folder above, is not used', async () => {
  const outer = emptyFolder();
  const project = smallProject({ folder: join(outer, 'inner'), tools: false });
  const other = join(outer, 'node_modules', 'typescript');
  mkdirSync(other, { recursive: true });
  writeFileSync(join(other, 'package.json'), '{"name":"typescript","version":"5.0.0"}');
  expect((await project.lifecycle('prestart')).stderr).toBe(`todo-api is not built: ${notInstalled}\n`);
});

test('an image with the manifest alone, or with the manifest and the build, needs neither scripts nor sources', async () => {
  const directory = emptyFolder();
  for (const event of ['postprepare', 'prestart']) {
    const { code, stderr } = await run('sh', ['-c', scripts[event] as string], { directory }).ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  }
});

test('with scripts but without sources it runs the existing build', async () => {
  const project = smallProject({ tools: false, sources: false });
  expect(await project.lifecycle('postprepare')).toEqual({ code: 0, stdout: '', stderr: '' });
  expect(await project.lifecycle('prestart')).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^todo-api is not built: .*\n$/),
  });
  project.write('dist/cli/main.js', '');
  expect(await project.lifecycle('prestart')).toEqual({ code: 0, stdout: '', stderr: '' });
});

test('the command of a package without a build fails with one line', async () => {
  const directory = emptyFolder();
  cpSync(join(root, 'bin'), join(directory, 'bin'), { recursive: true });
  writeFileSync(join(directory, 'package.json'), '{"type":"module"}');
  expect(await run(process.execPath, ['bin/todo-api.js', '--version'], { directory }).ended).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(/^todo-api: this package is not built\. .*npm run build.*\n$/),
  });
});

interface ProjectOptions {
  readonly folder?: string;
  /** Whether the build dependencies are installed. */
  readonly tools?: boolean;
  readonly sources?: boolean;
}

/** A copy of this repository with its scripts and a single source file. */
function smallProject({ folder = emptyFolder(), tools = true, sources = true }: ProjectOptions = {}) {
  const write = (name: string, text: string) => {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  };
  mkdirSync(folder, { recursive: true });
  for (const name of ['scripts', 'package.json', 'tsconfig.json', 'tsconfig.build.json']) {
    cpSync(join(root, name), join(folder, name), { recursive: true });
  }
  if (sources) write('src/cli/main.ts', "console.log('first');\n");
  if (tools) symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
  const start = (line: string, environment = {}) => run('sh', ['-c', line], { directory: folder, environment });
  return {
    write,
    start,
    build: () => start('exec node scripts/build.js').ended,
    lifecycle: async (event: 'postprepare' | 'prestart') => {
      const { signal: _, ...ended } = await start(scripts[event] as string, { npm_lifecycle_event: event }).ended;
      return ended;
    },
    /** Without the line that the compiler adds to a module without imports. */
    built: () => readFileSync(join(folder, 'dist', 'cli', 'main.js'), 'utf8').replace('export {};\n', ''),
    leftovers: () => readdirSync(folder).filter((name) => name.startsWith('.dist-')),
  };
}
