/** The storage of the offline store in files. */
import { appendFileSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { emptyFolder } from '../../test/e2e/built-command.ts';
import { fileStorage } from '../src/offline/file.ts';
import type { OfflineStorage } from '../src/offline/storage.ts';

async function open(folder: string, userId = 'ada'): Promise<OfflineStorage> {
  const storage = await fileStorage(folder).open(userId);
  onTestFinished(() => storage.close().catch(() => {}));
  return storage;
}

const journalIn = (folder: string) => join(folder, readdirSync(folder).find((name) => name.endsWith('.journal')) ?? '');

test('has what was committed after it was opened again, and for this user only', async () => {
  const folder = emptyFolder();
  const first = await open(folder);
  expect(
    await first.commit(0, [
      ['a', { text: 'one' }],
      ['b', 2],
    ]),
  ).toBe(true);
  expect(
    await first.commit(1, [
      ['a', undefined],
      ['c', [3]],
    ]),
  ).toBe(true);
  await first.close();
  const second = await open(folder);
  expect(await second.read()).toEqual({
    revision: 2,
    records: [
      ['b', 2],
      ['c', [3]],
    ],
  });
  expect(await (await open(folder, 'grace')).read()).toEqual({ revision: 0, records: [] });
  expect(readdirSync(folder).join()).not.toMatch(/ada|grace/);
});

test('writes nothing that was decided on another revision', async () => {
  const storage = await open(emptyFolder());
  const results = await Promise.all([storage.commit(0, [['a', 1]]), storage.commit(0, [['a', 2]])]);
  expect(results).toEqual([true, false]);
  expect(await storage.read()).toEqual({ revision: 1, records: [['a', 1]] });
});

test('ignores a commit that a crash has cut off at any byte, and continues after the last whole one', async () => {
  const folder = emptyFolder();
  const storage = await open(folder);
  await storage.commit(0, [['a', 'first']]);
  const length = statSync(journalIn(folder)).size;
  await storage.commit(1, [
    ['a', 'second'],
    ['b', 'ä'],
  ]);
  await storage.close();
  const journal = readFileSync(journalIn(folder));
  for (let end = length; end < journal.length; end += 1) {
    writeFileSync(journalIn(folder), journal.subarray(0, end));
    const cut = await open(folder);
    expect(await cut.read()).toEqual({ revision: 1, records: [['a', 'first']] });
    expect(await cut.commit(1, [['c', end]])).toBe(true);
    await cut.close();
    const again = await open(folder);
    expect((await again.read()).records).toEqual([
      ['a', 'first'],
      ['c', end],
    ]);
    await again.close();
  }
});

test('ignores a line with another content than its checksum', async () => {
  const folder = emptyFolder();
  const storage = await open(folder);
  await storage.commit(0, [['a', 1]]);
  await storage.close();
  appendFileSync(journalIn(folder), '0123456789abcdef {"revision":2,"changes":[["a",2]]}\n');
  expect((await (await open(folder)).read()).records).toEqual([['a', 1]]);
});

test('writes the journal anew when it has grown, and deletes it on request', async () => {
  const folder = emptyFolder();
  const storage = await open(folder);
  const text = 'x'.repeat(100_000);
  for (let revision = 0; revision < 30; revision += 1) await storage.commit(revision, [['a', `${text}${revision}`]]);
  expect(statSync(journalIn(folder)).size).toBeLessThan(1_300_000);
  await storage.close();
  const again = await open(folder);
  expect(await again.read()).toEqual({ revision: 30, records: [['a', `${text}29`]] });
  await again.erase();
  expect(await again.commit(30, [['a', 1]])).toBe(false);
  await again.close();
  expect(readFileSync(journalIn(folder), 'utf8')).not.toContain('xxx');
  expect(await (await open(folder)).read()).toEqual({ revision: 31, records: [] });
});
