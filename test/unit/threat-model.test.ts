/** The threat model names existing tests, and all tests of test/security/. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const named: readonly string[] =
  readFileSync(join(root, 'docs', 'threat-model.md'), 'utf8').match(/\btest\/[\w./-]+\.ts\b/g) ?? [];

test('every test that the threat model names exists', () => {
  expect(named.length).toBeGreaterThan(20);
  expect(named.filter((file) => !existsSync(join(root, file)))).toEqual([]);
});

test('every test of test/security/ is named in the threat model', () => {
  const files = readdirSync(join(root, 'test', 'security')).filter((file) => file.endsWith('.test.ts'));
  expect(files.map((file) => `test/security/${file}`).filter((file) => !named.includes(file))).toEqual([]);
});
