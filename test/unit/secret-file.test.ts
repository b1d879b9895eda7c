/** File with the generated secret: complete or absent, readable by its owner only, and never a weak secret. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { readOrCreateSecret } from '../../src/auth/better-auth/secret-file.ts';
import { databaseConfig } from '../support/databases.ts';

let directory: string;
let file: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'todo-api-secret-'));
  file = join(directory, 'secret');
  return () => {
    chmodSync(directory, 0o700);
    rmSync(directory, { recursive: true, force: true });
  };
});

const read = () => readOrCreateSecret(databaseConfig(`pglite:${directory}`));
const modeOf = (path: string) => statSync(path).mode & 0o777;
const isWindows = process.platform === 'win32';
const isRoot = process.getuid?.() === 0;

test('the secret is created once, and no temporary file stays', () => {
  const secret = read();
  expect(secret).toMatch(/^[\w-]{43}$/);
  expect(read()).toBe(secret);
  expect(readdirSync(directory)).toEqual(['secret']);
});

test.skipIf(isWindows)('only its owner can read it, whatever the umask', () => {
  const umask = process.umask(0);
  try {
    read();
    expect(modeOf(file)).toBe(0o600);
    chmodSync(file, 0o644);
    read();
    expect(modeOf(file)).toBe(0o600);
  } finally {
    process.umask(umask);
  }
});

test.each([
  ['no byte', '', /is empty/],
  ['a line break', '\n', /is empty/],
  ['31 bytes', 'x7Kq2Zr8KxN0tWb7JmC4yHs9LdPg3Ea', /less than 32 bytes/],
  ['a placeholder', 'change-me-change-me-change-me-change-me', /can be guessed/],
  ['the default of Better Auth', 'better-auth-secret-12345678901234567890', /can be guessed/],
  ['NUL bytes, as after a crash', '\0'.repeat(43), /can be guessed/],
])('a file with %s is rejected with the fix, and stays as it is', (_, content, reason) => {
  writeFileSync(file, content);
  expect(read).toThrow(reason);
  expect(read).toThrow(/Restore it from a backup, or set BETTER_AUTH_SECRET/);
  expect(read).not.toThrow(content.trim() || 'no such text');
  expect(readFileSync(file, 'utf8')).toBe(content);
});

test('a file that lost its end is rejected', () => {
  read();
  truncateSync(file, 20);
  expect(read).toThrow(/less than 32 bytes/);
});

test.each(['\n', '\r\n', ' \n'])('a line break %j at the end does not belong to the secret', (end) => {
  const secret = read();
  writeFileSync(file, `${secret}${end}`);
  expect(read()).toBe(secret);
});

test('a directory under its name is rejected with the fix', () => {
  mkdirSync(file);
  expect(read).toThrow(/is a directory\. Restore/);
});

test.skipIf(isWindows)('a link to a missing file is rejected, and a link to a file is followed', () => {
  const elsewhere = join(directory, 'mounted');
  symlinkSync(elsewhere, file);
  expect(read).toThrow(/is a link to a file that does not exist/);
  writeFileSync(elsewhere, 'u5Vq2Zr8KxN0tWb7JmC4yHs9LdPg3EaF\n', { mode: 0o644 });
  expect(read()).toBe('u5Vq2Zr8KxN0tWb7JmC4yHs9LdPg3EaF');
  expect(modeOf(elsewhere)).toBe(0o600);
});

test.skipIf(isWindows || isRoot)('in a read-only directory, the error names the file', () => {
  chmodSync(directory, 0o500);
  expect(read).toThrow(expect.objectContaining({ code: 'EACCES', path: expect.stringContaining(directory) }));
});

test('processes that start at once get the same secret', async () => {
  const module = new URL('../../dist/auth/better-auth/secret-file.js', import.meta.url).href;
  const script = `
    import { readOrCreateSecret } from ${JSON.stringify(module)};
    process.stdin.once('data', () => {
      console.log(readOrCreateSecret({ kind: 'pglite', directory: ${JSON.stringify(directory)} }));
      process.exit();
    });
    console.log('ready');`;
  const children = Array.from({ length: 8 }, () =>
    spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['pipe', 'pipe', 'inherit'] }),
  );
  const outputs = children.map(() => '');
  children.forEach((child, index) => {
    child.stdout.on('data', (chunk) => {
      outputs[index] += chunk;
    });
  });
  await Promise.all(children.map((child) => once(child.stdout, 'data')));
  const ended = children.map((child) => once(child, 'close'));
  for (const child of children) child.stdin.write('go');
  await Promise.all(ended);
  const secret = read();
  expect(secret).toMatch(/^[\w-]{43}$/);
  expect(outputs).toEqual(children.map(() => `ready\n${secret}\n`));
  expect(readdirSync(directory)).toEqual(['secret']);
});
