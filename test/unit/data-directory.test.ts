/** Access to the data directory of the embedded database: for its owner only. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, inject, test } from 'vitest';
import { readOrCreateSecret } from '../../src/auth/better-auth/secret-file.ts';
import { openDatabase } from '../../src/database/database.ts';
import { openEmbedded } from '../../src/database/pglite/pglite.ts';
import { DataDirectoryError, ensurePrivateDirectory } from '../../src/database/pglite/private-directory.ts';
import { databaseConfig } from '../support/databases.ts';

const isRoot = process.getuid?.() === 0;
/** A user id that is not the one of the tests, such as the owner of a mounted volume. */
const otherUser = 54_321;

let parent: string;
let directory: string;
let umask: number;

beforeEach(() => {
  umask = process.umask(0o022);
  parent = mkdtempSync(join(tmpdir(), 'todo-api-modes-'));
  directory = join(parent, 'data');
  return () => {
    process.umask(umask);
    rmSync(parent, { recursive: true, force: true });
  };
});

const modeOf = (path: string) => lstatSync(path).mode & 0o7777;

/** The files and directories that others can access, relative to the data directory. */
function accessible(): string[] {
  return ['.', ...(readdirSync(directory, { recursive: true }) as string[])].filter(
    (name) => modeOf(join(directory, name)) & 0o077,
  );
}

/** Uses the database so that it writes tables, indexes, its log and temporary files. */
async function useDatabase(between: () => void = () => {}): Promise<void> {
  const config = databaseConfig(`pglite:${directory}`);
  const driver = await openEmbedded({ ...config, directory });
  try {
    await openDatabase(config, driver).prepare();
    readOrCreateSecret(config);
    await driver.withMigrationClient(async (client) => {
      await client.query(
        'create table if not exists notes as select n, repeat(md5(n::text), 9) as t from generate_series(1, 5000) as n',
      );
      await client.query("set work_mem = '64kB'");
      await client.query('select count(*) from (select t from notes order by t) as sorted');
      await client.query('create index on notes (t)');
      await client.query('vacuum full notes');
      await client.query('checkpoint');
      await client.query('select pg_switch_wal()');
    });
    between();
  } finally {
    await driver.close();
  }
}

describe.skipIf(process.platform === 'win32')('on systems with modes', () => {
  test.each([0o022, 0])('no file can be read by other users under umask %o, after use and a restart', async (mask) => {
    process.umask(mask);
    let files = 0;
    const check = () => {
      files = readdirSync(directory, { recursive: true }).length;
      expect(accessible()).toEqual([]);
    };
    await useDatabase(check);
    await useDatabase(check);
    expect(accessible()).toEqual([]);
    expect(files).toBeGreaterThan(900);
    expect(modeOf(directory)).toBe(0o700);
  });

  test('files of an earlier version, which allowed access, are restricted at start', async () => {
    const cluster = join(directory, 'postgres');
    mkdirSync(cluster, { recursive: true });
    // tar reports on stderr that it removes leading slashes.
    execFileSync('tar', ['-xf', inject('embeddedTemplate'), '-C', cluster], { stdio: 'pipe' });
    const names = ['.', ...(readdirSync(directory, { recursive: true }) as string[])].map((name) =>
      join(directory, name),
    );
    for (const name of names) chmodSync(name, statSync(name).isDirectory() ? 0o755 : 0o666);
    expect(accessible().length).toBeGreaterThan(300);
    await useDatabase(() => expect(accessible()).toEqual([]));
  });

  test.each([0o755, 0o750, 0o777])('an empty directory with mode %o becomes private', (mode) => {
    mkdirSync(directory);
    chmodSync(directory, mode);
    ensurePrivateDirectory(directory);
    expect(modeOf(directory)).toBe(0o700);
  });

  test('a directory with files of other programs keeps its mode, and the files of the server are private', async () => {
    mkdirSync(directory);
    writeFileSync(join(directory, 'package.json'), '{}');
    await useDatabase(() => expect(accessible()).toEqual(['.', 'package.json']));
    expect([modeOf(directory), modeOf(join(directory, 'package.json'))]).toEqual([0o755, 0o644]);
  });

  test('a directory of other programs to which others can write is rejected with the fix', () => {
    mkdirSync(directory);
    writeFileSync(join(directory, 'package.json'), '{}');
    chmodSync(directory, 0o777);
    expect(() => ensurePrivateDirectory(directory)).toThrow(DataDirectoryError);
    expect(() => ensurePrivateDirectory(directory)).toThrow(/chmod go= .*or set DATABASE_URL to a directory below it/);
    expect(modeOf(directory)).toBe(0o777);
    // As /tmp: others cannot replace entries there.
    chmodSync(directory, 0o1777);
    ensurePrivateDirectory(directory);
    expect(modeOf(directory)).toBe(0o1777);
  });

  test.skipIf(!isRoot)('root makes a mounted volume of another user private, and its owner keeps it', async () => {
    mkdirSync(directory);
    chownSync(directory, otherUser, otherUser);
    await useDatabase(() => expect(accessible()).toEqual([]));
    expect([modeOf(directory), statSync(directory).uid]).toEqual([0o700, otherUser]);
  });

  test.skipIf(!isRoot).each([
    ['rejected if others can write to it', 0o777, /^DataDirectoryError: Other users may write to the data directory/],
    ['accepted if only its group can write to it, as in Kubernetes', 0o2775, /^accepted$/],
  ])('a directory of root is %s', (_, mode, outcome) => {
    chmodSync(parent, 0o755);
    mkdirSync(directory);
    chownSync(directory, 0, otherUser);
    chmodSync(directory, mode);
    const module = new URL('../../dist/database/pglite/private-directory.js', import.meta.url).href;
    const script = `
      import { ensurePrivateDirectory } from ${JSON.stringify(module)};
      try {
        process.setgid(${otherUser});
        process.setuid(${otherUser});
        ensurePrivateDirectory(${JSON.stringify(directory)});
        console.log('accepted');
      } catch (error) {
        console.log(String(error));
      }`;
    const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
    expect(output.trim()).toMatch(outcome);
  });
});
