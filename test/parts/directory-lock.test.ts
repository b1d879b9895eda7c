/** The lock on a data directory: one living process at a time, and nothing to clean up after a dead one. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { lockDirectory } from '../../src/database/directory-lock.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'todo-api-lock-'));
  return () => rmSync(directory, { recursive: true, force: true });
});

const lockFile = () => join(directory, 'lock');

const readLock = () => JSON.parse(readFileSync(lockFile(), 'utf8'));

/** A process that tries to take the lock, and lives on either way; and what came of it. From the build: no loader. */
async function startHolder(): Promise<{ child: ChildProcess; outcome: string }> {
  const module = new URL('../../dist/database/directory-lock.js', import.meta.url).href;
  const script = `
    import { lockDirectory } from ${JSON.stringify(module)};
    try {
      lockDirectory(${JSON.stringify(directory)});
      console.log('locked');
    } catch (error) {
      console.log(error.name);
    }
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [line] = await once(child.stdout as NodeJS.ReadableStream, 'data');
  return { child, outcome: String(line).trim() };
}

async function kill(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

test('it is taken, refused to another in the same process, and given back', () => {
  const unlock = lockDirectory(directory);
  expect(readdirSync(directory)).toEqual(['lock']);
  expect(() => lockDirectory(directory)).toThrow(`in use by process ${process.pid}`);
  unlock();
  expect(readdirSync(directory)).toEqual([]);
  lockDirectory(directory)();
});

test('it is refused while another process lives, with a message that says whose it is and what to do', async () => {
  const { child } = await startHolder();
  expect(() => lockDirectory(directory)).toThrow(
    expect.objectContaining({
      name: 'DirectoryInUseError',
      message: `The data directory ${directory} is in use by process ${child.pid}. Stop that process, or set DATABASE_URL to another directory.`,
    }),
  );
  expect(readdirSync(directory)).toEqual(['lock']);
});

test('it is taken over from a process that was killed', async () => {
  const { child } = await startHolder();
  await kill(child);
  expect(readLock().pid).toBe(child.pid);
  const unlock = lockDirectory(directory);
  expect(readLock().pid).toBe(process.pid);
  expect(readdirSync(directory)).toEqual(['lock']);
  unlock();
});

test.runIf(process.platform === 'linux')(
  'it is taken over where the dead one’s number is another’s by now',
  async () => {
    const { child } = await startHolder();
    const held = readLock();
    await kill(child);
    const { child: other } = await startHolder();
    writeFileSync(lockFile(), JSON.stringify({ ...held, pid: other.pid }));
    lockDirectory(directory)();
    // As in a container, where it may be this very process that has the number.
    writeFileSync(lockFile(), JSON.stringify({ ...held, pid: process.pid }));
    lockDirectory(directory)();
  },
);

test.each(['', '{', 'null', '0', '"x"', '[]', '{}', '{"pid":0}', '{"pid":-1}', '{"pid":"1"}', '12345', '\u0000\u0000'])(
  'what is no lock of ours is taken over: %j',
  (text) => {
    writeFileSync(lockFile(), text);
    const unlock = lockDirectory(directory);
    expect(readLock().pid).toBe(process.pid);
    unlock();
    expect(readdirSync(directory)).toEqual([]);
  },
);

test('of many processes that find a dead one’s lock at once, one gets it', async () => {
  const { child } = await startHolder();
  await kill(child);
  const attempts = await Promise.all(Array.from({ length: 6 }, startHolder));
  const outcomes = attempts.map(({ outcome }) => outcome).sort();
  expect(outcomes).toEqual([...Array(5).fill('DirectoryInUseError'), 'locked']);
});
