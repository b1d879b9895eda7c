/** Lock on a data directory: one live process at a time, and no manual clean-up after a dead one. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { lockDirectory } from '../../src/database/pglite/directory-lock.ts';
import { kernelId, listenAsHolder } from '../../src/database/pglite/lock-socket.ts';

/** Short enough for a test, and long enough for a heartbeat on a busy machine. */
const timing = { heartbeatMs: 20, silenceMs: 1_500 };

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'todo-api-lock-'));
  return () => rmSync(directory, { recursive: true, force: true });
});

const lock = (where = directory) => lockDirectory(where, timing);

const entries = (where = directory) => readdirSync(join(where, 'lock')).filter((name) => name.endsWith('.json'));

const entryFile = () => join(directory, 'lock', entries()[0] as string);

/** Changes the self-description of the holder. */
function rewriteEntry(change: object): void {
  const file = entryFile();
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), ...change }));
}

interface Holder {
  readonly child: ChildProcess;
  /** `locked`, or the message of the error. */
  readonly outcome: string;
}

/** A process that tries to acquire the lock and then keeps running. It runs from the build, without a loader. */
async function startHolder(wrapper: readonly string[] = [], where = directory): Promise<Holder> {
  const module = new URL('../../dist/database/pglite/directory-lock.js', import.meta.url).href;
  const script = `
    import { lockDirectory } from ${JSON.stringify(module)};
    try {
      await lockDirectory(${JSON.stringify(where)}, ${JSON.stringify(timing)});
      console.log('locked');
    } catch (error) {
      console.log(error.message);
    }
    setInterval(() => {}, 1000);`;
  const [program = '', ...words] = [...wrapper, process.execPath, '--input-type=module', '-e', script];
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [line] = await once(child.stdout as NodeJS.ReadableStream, 'data');
  return { child, outcome: String(line).trim() };
}

async function kill(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

test('a second attempt in the same process is rejected until the lock is released', async () => {
  const held = await lock();
  await expect(lock()).rejects.toThrow(`in use by process ${process.pid}`);
  expect(entries()).toHaveLength(1);
  await held.release();
  expect(readdirSync(join(directory, 'lock'))).toEqual([]);
  await (await lock()).release();
});

test('the error names the directory, the process, its host and the fix', async () => {
  const { child } = await startHolder();
  await expect(lock()).rejects.toMatchObject({
    name: 'DirectoryInUseError',
    message: expect.stringMatching(
      new RegExp(
        `^The data directory ${directory} is in use by process ${child.pid} on \\S+\\. Stop that process, or use another directory`,
      ),
    ),
  });
});

test('the lock of a killed process is taken over, and its files are removed', async () => {
  const { child } = await startHolder();
  await kill(child);
  expect(entries()).toHaveLength(1);
  const held = await lock();
  expect(entries()).toHaveLength(1);
  expect(JSON.parse(readFileSync(entryFile(), 'utf8')).pid).toBe(process.pid);
  await held.release();
});

test.runIf(process.platform === 'linux')('a killed process that its parent has not reaped holds no lock', async () => {
  // The shell replaces itself by a program that never waits for its child, which becomes a zombie.
  const module = new URL('../../dist/database/pglite/directory-lock.js', import.meta.url).href;
  const script = `import(${JSON.stringify(module)}).then(({ lockDirectory }) => lockDirectory(${JSON.stringify(directory)})).then(() => process.kill(process.pid, 'SIGKILL'))`;
  const parent = spawn('sh', ['-c', '"$0" -e "$1" & echo $!; exec sleep 60', process.execPath, script]);
  onTestFinished(() => void parent.kill('SIGKILL'));
  const [line] = await once(parent.stdout, 'data');
  const stateOf = (pid: number) => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.[0];
  while (stateOf(Number(line)) !== 'Z') await delay(10);
  expect(entries()).toHaveLength(1);
  await (await lock()).release();
});

test.skipIf(process.platform === 'win32')('a suspended process still holds the lock', { timeout: 20_000 }, async () => {
  const { child } = await startHolder();
  child.kill('SIGSTOP');
  await expect(lock()).rejects.toThrow('in use by another process');
  await kill(child);
  await (await lock()).release();
});

test('one of many processes that start at once gets the lock', async () => {
  const { child } = await startHolder();
  await kill(child);
  const attempts = await Promise.all(Array.from({ length: 6 }, () => startHolder()));
  expect(attempts.filter(({ outcome }) => outcome === 'locked')).toHaveLength(1);
  expect(attempts.filter(({ outcome }) => outcome.includes('in use by process'))).toHaveLength(5);
});

test('an attempt waits for a concurrent one that is still undecided', async () => {
  const id = randomUUID();
  const folder = join(directory, 'lock');
  mkdirSync(folder);
  const other = { pid: 1, host: 'elsewhere', kernel: kernelId, listens: true, isOpen: false };
  const server = await listenAsHolder(folder, id, () => other);
  writeFileSync(join(folder, `${id}.json`), JSON.stringify(other));
  const attempt = lock();
  await delay(300);
  server?.close();
  await (await attempt).release();
});

test('an attempt that waits for a process on another kernel is seen by a later one without a socket', async () => {
  const slow = { ...timing, heartbeatMs: 400 };
  mkdirSync(join(directory, 'lock'));
  const stale = `${randomUUID()}.json`;
  writeFileSync(join(directory, 'lock', stale), JSON.stringify({ pid: 1, host: 'elsewhere', kernel: 'another' }));
  const first = lockDirectory(directory, slow);
  await expect.poll(() => entries()).toHaveLength(2);
  const file = join(directory, 'lock', entries().find((name) => name !== stale) as string);
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), listens: false }));
  await expect(lockDirectory(directory, slow)).rejects.toThrow(`in use by process ${process.pid}`);
  await (await first).release();
});

/** What separates two containers of one machine, without their images. */
const container = ['unshare', '--pid', '--net', '--ipc', '--uts', '--fork', '--kill-child', '--mount-proc'];
const canContain = spawnSync(container[0] as string, [...container.slice(1), 'true']).status === 0;

test.skipIf(!canContain)('each container sees process 1, and only one of them gets the lock', async () => {
  const first = await startHolder(container);
  expect(first.outcome).toBe('locked');
  const second = await startHolder(container);
  expect(second.outcome).toMatch(/in use by process 1 on /);
  expect((await startHolder()).outcome).toMatch(/in use by process 1 on /);
  await kill(first.child);
  expect((await startHolder(container)).outcome).toBe('locked');
});

test('a copy of a locked directory is free, and the original stays locked', async () => {
  const held = await lock();
  const copy = `${directory}-copy`;
  onTestFinished(() => rmSync(copy, { recursive: true, force: true }));
  mkdirSync(join(copy, 'lock'), { recursive: true });
  for (const name of entries()) cpSync(join(directory, 'lock', name), join(copy, 'lock', name));
  await (await lock(copy)).release();
  await expect(lock()).rejects.toThrow('in use');
  await held.release();
});

test('a path that is too long for a socket can be locked', async () => {
  const deep = join(directory, 'd'.repeat(100), 'e'.repeat(100));
  mkdirSync(deep, { recursive: true });
  const held = await lock(deep);
  await expect(lock(deep)).rejects.toThrow('in use');
  expect((await startHolder([], deep)).outcome).toContain('in use');
  // With a truncated path, the socket would be in another place.
  expect(readdirSync(directory)).toEqual(['d'.repeat(100)]);
  await held.release();
});

test.each([
  ['on another kernel', { kernel: 'another' }],
  ['of an unknown kernel', { kernel: null }],
  ['without a socket', { listens: false }],
])('a process %s holds the lock while its heartbeat goes on', async (_, change) => {
  const { child } = await startHolder();
  rewriteEntry(change);
  await expect(lock()).rejects.toThrow(`in use by process ${child.pid}`);
  await kill(child);
  await (await lock()).release();
});

test.each(['', '{', 'null', '{"pid":-1}'])(
  'a file that cannot be read as an entry holds the lock only while it changes: %j',
  async (text) => {
    mkdirSync(join(directory, 'lock'));
    const file = join(directory, 'lock', '0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4d.json');
    writeFileSync(file, text);
    const touched = setInterval(() => utimesSync(file, new Date(), new Date()), 20);
    await expect(lockDirectory(directory, { ...timing, silenceMs: 200 })).rejects.toThrow('in use by another process');
    clearInterval(touched);
    await (await lockDirectory(directory, { ...timing, silenceMs: 200 })).release();
  },
);

test('the lock file of an older version is named', async () => {
  writeFileSync(join(directory, 'lock'), '{"pid":1}');
  await expect(lock()).rejects.toThrow(/lock file of an older version.*delete .*lock\.$/);
});

test('a process whose directory is deleted or replaced detects the loss', async () => {
  const held = await lock();
  rmSync(directory, { recursive: true });
  await expect(held.lost).rejects.toThrow(/was deleted, moved or replaced while the server had it open/);
  mkdirSync(directory);
  const next = await lock();
  // It must not remove the files of the next holder.
  await held.release();
  await expect(lock()).rejects.toThrow('in use');
  await next.release();
});
