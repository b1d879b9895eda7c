/** The size of the client in a browser, and what it depends on. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bundleSize } from '../scripts/bundle-size.ts';

const client = join(import.meta.dirname, '..');

test('the fetch client has at most 4 kB', async () => {
  const code = `export * from ${JSON.stringify(join(client, 'src', 'index.ts'))}`;
  expect(await bundleSize(code, client)).toBeLessThanOrEqual(4_000);
});

test('it has no dependencies', () => {
  const manifest = JSON.parse(readFileSync(join(client, 'package.json'), 'utf8'));
  expect(manifest.dependencies).toBeUndefined();
});
