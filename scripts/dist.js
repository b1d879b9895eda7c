/** The build in `dist/`: what it was made from, what it takes to make it, and how it is replaced as a whole. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);
const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');
const source = join(root, 'src');
/** In `dist/`: the hash of what it was built from. */
const stamp = 'sources.sha256';
/** Beside `dist/`, because a rename must not cross file systems. Git ignores it. */
const temporaryPrefix = '.dist-';

const tools = ['typescript', 'swagger-ui-dist'];
const assets = ['swagger-ui-bundle.js', 'swagger-ui.css'];

/** Whether there is a build that can run. */
export function isBuilt() {
  return existsSync(join(dist, 'cli', 'main.js'));
}

/** Whether there are sources to build from; an image may hold the build alone. */
export function hasSources() {
  return existsSync(join(source, 'cli', 'main.ts')) && existsSync(join(root, 'tsconfig.build.json'));
}

/** Whether the build was made from the sources as they are now. It compares contents, because copies get new dates. */
export function isUpToDate() {
  const file = join(dist, stamp);
  return isBuilt() && existsSync(file) && readFileSync(file, 'utf8') === hashOfSources();
}

/**
 * The packages of the build that are not installed in the version that package.json names. Another version, in a folder
 * above, does not count.
 */
export function missingTools() {
  const { devDependencies } = manifest();
  return tools.filter((name) => {
    try {
      return require(`${name}/package.json`).version !== devDependencies[name];
    } catch {
      return true;
    }
  });
}

/**
 * Compiles into a temporary directory and then puts it in the place of `dist/`. Until then, and if the compiler fails
 * or the process is interrupted, the previous build stays.
 *
 * @returns whether the compiler succeeded; it has printed its errors
 * @throws Error with a code of the file system, for example EROFS
 */
export async function build() {
  removeAbandoned();
  const built = hashOfSources();
  const interruption = nextInterruption();
  const folder = mkdtempSync(join(root, temporaryPrefix));
  try {
    const compiled = join(folder, 'new');
    if (!(await compile(compiled, interruption))) return false;
    const target = join(compiled, 'assets');
    mkdirSync(target);
    const swagger = dirname(require.resolve('swagger-ui-dist/package.json'));
    for (const file of assets) copyFileSync(join(swagger, file), join(target, file));
    writeFileSync(join(compiled, stamp), built);
    replaceDirectory(dist, compiled, folder);
    return true;
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function compile(outDir, interruption) {
  const compiler = join(dirname(require.resolve('typescript/package.json')), 'bin', 'tsc');
  const child = spawn(process.execPath, [compiler, '-p', 'tsconfig.build.json', '--outDir', outDir], {
    cwd: root,
    stdio: 'inherit',
  });
  interruption.then((signal) => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code === 0));
  });
}

/** The first signal ends the compiler, so that the build fails and tidies up. A second one ends this process. */
function nextInterruption() {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, resolve);
  });
}

/**
 * Puts a directory in the place of another one. It takes two renames, which are repeated if another build, or a virus
 * scanner on Windows, gets in between.
 *
 * @param aside a directory on the same file system, for what was there
 */
export function replaceDirectory(target, replacement, aside) {
  let previous = null;
  for (let attempt = 0; ; attempt += 1) {
    try {
      const moved = join(aside, `old-${attempt}`);
      if (moveIfPresent(target, moved)) previous = moved;
      renameSync(replacement, target);
      return;
    } catch (error) {
      const isTemporary = ['ENOTEMPTY', 'EEXIST', 'EPERM', 'EBUSY', 'EACCES'].includes(error.code);
      if (!isTemporary || attempt === 20) {
        if (previous && !existsSync(target)) renameSync(previous, target);
        throw error;
      }
      // Another build is between its two renames, which takes less than a millisecond; a virus scanner takes longer.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5 * attempt);
    }
  }
}

function moveIfPresent(from, to) {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if (error.code === 'ENOENT') return false;
    throw error;
  }
}

/** Temporary directories of builds that were killed; those of builds in progress are younger than an hour. */
function removeAbandoned() {
  for (const name of readdirSync(root).filter((entry) => entry.startsWith(temporaryPrefix))) {
    const folder = join(root, name);
    const { mtimeMs } = statSync(folder, { throwIfNoEntry: false }) ?? { mtimeMs: Number.POSITIVE_INFINITY };
    if (Date.now() - mtimeMs > 3_600_000) rmSync(folder, { recursive: true, force: true });
  }
}

function hashOfSources() {
  const { devDependencies } = manifest();
  const files = readdirSync(source, { recursive: true })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join('src', name));
  const hash = createHash('sha256').update(JSON.stringify(tools.map((name) => devDependencies[name])));
  for (const file of ['tsconfig.json', 'tsconfig.build.json', 'scripts/dist.js', ...files.sort()]) {
    hash.update(`\n${file}\n`).update(readFileSync(join(root, file)));
  }
  return hash.digest('hex');
}

function manifest() {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
}
