/** Build directory `dist/`: its sources, the tools for the build, and its atomic replacement. */
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
import { setTimeout } from 'node:timers/promises';

const require = createRequire(import.meta.url);
const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');
const source = join(root, 'src');
/** File in `dist/` with the hash of the sources. */
const stamp = 'sources.sha256';
/** Temporary directories are next to `dist/`, because a rename cannot cross file systems. Git ignores them. */
const temporaryPrefix = '.dist-';

const tools = ['typescript', 'swagger-ui-dist'];
const assets = ['swagger-ui-bundle.js', 'swagger-ui.css'];

/** Whether a build exists. */
export function isBuilt() {
  return existsSync(join(dist, 'cli', 'main.js'));
}

/** Whether the sources exist. An image may contain only the build. */
export function hasSources() {
  return existsSync(join(source, 'cli', 'main.ts')) && existsSync(join(root, 'tsconfig.build.json'));
}

/** Whether the build matches the current sources. It compares contents, because copies have new dates. */
export function isUpToDate() {
  const file = join(dist, stamp);
  return isBuilt() && existsSync(file) && readFileSync(file, 'utf8') === hashOfSources();
}

/**
 * The build tools that are not installed in the version of package.json. Another version, in a parent folder, does not
 * count.
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
 * Compiles into a temporary directory, and then replaces `dist/` by it. If the compiler fails or the process is
 * interrupted, the previous build stays.
 *
 * @returns whether the compiler succeeded; it prints its errors
 * @throws Error with a file system code, for example EROFS
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

/**
 * @param {string} outDir
 * @param {Promise<unknown>} interruption
 * @returns {Promise<boolean>} whether the compiler succeeded
 */
function compile(outDir, interruption) {
  const compiler = join(dirname(require.resolve('typescript/package.json')), 'bin', 'tsc');
  const child = spawn(process.execPath, [compiler, '-p', 'tsconfig.build.json', '--outDir', outDir], {
    cwd: root,
    stdio: 'inherit',
    // The command starts the compiler as a child. A signal to their process group reaches both.
    detached: hasProcessGroups,
  });
  interruption.then(() => kill(child));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', async (code) => {
      await endOfGroup(child);
      resolve(code === 0);
    });
  });
}

const hasProcessGroups = process.platform !== 'win32';

/**
 * Kills the compiler: after another signal it could still write files.
 *
 * @param {import('node:child_process').ChildProcess} child the leader of its process group
 */
function kill(child) {
  if (hasProcessGroups) signalGroup(child, 'SIGKILL');
  else child.kill();
}

/**
 * Resolves when no process of the group is left, which could write files. A process that has ended counts until its parent
 * has noticed it, so it waits for at most a second.
 *
 * @param {import('node:child_process').ChildProcess} child the leader of its process group
 */
async function endOfGroup(child) {
  for (let wait = 0; hasProcessGroups && wait < 100 && signalGroup(child, 0); wait += 1) await setTimeout(10);
}

/**
 * @param {import('node:child_process').ChildProcess} child the leader of its process group
 * @param {NodeJS.Signals | 0} signal 0 for none
 * @returns {boolean} whether the group exists
 */
function signalGroup({ pid }, signal) {
  try {
    return pid !== undefined && process.kill(-pid, signal);
  } catch {
    return false;
  }
}

/**
 * The first signal stops the compiler, so that the build fails and cleans up. A second signal ends this process.
 *
 * @returns {Promise<unknown>}
 */
function nextInterruption() {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, resolve);
  });
}

/**
 * Replaces a directory by another one with two renames. It retries them if another build, or a virus scanner on Windows,
 * interferes.
 *
 * @param {string} target
 * @param {string} replacement
 * @param {string} aside a directory on the same file system, for the previous content
 */
export function replaceDirectory(target, replacement, aside) {
  /** @type {string | undefined} */
  let previous;
  for (let attempt = 0; ; attempt += 1) {
    try {
      const moved = join(aside, `old-${attempt}`);
      if (moveIfPresent(target, moved)) previous = moved;
      renameSync(replacement, target);
      return;
    } catch (error) {
      const isTemporary = ['ENOTEMPTY', 'EEXIST', 'EPERM', 'EBUSY', 'EACCES'].includes(codeOf(error));
      if (!isTemporary || attempt === 20) {
        if (previous && !existsSync(target)) renameSync(previous, target);
        throw error;
      }
      // Another build needs less than a millisecond between its two renames. A virus scanner needs longer.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5 * attempt);
    }
  }
}

/**
 * @param {string} from
 * @param {string} to
 * @returns {boolean} whether there was something to move
 */
function moveIfPresent(from, to) {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

/**
 * The code of a file system error.
 *
 * @param {unknown} error
 * @returns {string}
 */
export function codeOf(error) {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/** Removes temporary directories of killed builds. Directories of builds in progress are younger than an hour. */
function removeAbandoned() {
  for (const name of readdirSync(root).filter((entry) => entry.startsWith(temporaryPrefix))) {
    const folder = join(root, name);
    const { mtimeMs } = statSync(folder, { throwIfNoEntry: false }) ?? { mtimeMs: Number.POSITIVE_INFINITY };
    if (Date.now() - mtimeMs > 3_600_000) rmSync(folder, { recursive: true, force: true });
  }
}

function hashOfSources() {
  const { devDependencies } = manifest();
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join('src', name));
  const hash = createHash('sha256').update(JSON.stringify(tools.map((name) => devDependencies[name])));
  for (const file of ['tsconfig.json', 'tsconfig.build.json', 'scripts/dist.js', ...files.sort()]) {
    hash.update(`\n${file}\n`).update(readFileSync(join(root, file)));
  }
  return hash.digest('hex');
}

/** @returns {{ devDependencies: Record<string, string> }} */
function manifest() {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
}
