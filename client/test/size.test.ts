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

test('the offline store and its storage in a browser have at most 9 kB more', async () => {
  const modules = ['index.ts', 'offline/index.ts', 'offline/indexed-db.ts'];
  const [without, withStore] = await Promise.all(
    [modules.slice(0, 1), modules].map((names) =>
      bundleSize(names.map((name) => `export * from ${JSON.stringify(join(client, 'src', name))}`).join('\n'), client),
    ),
  );
  expect((withStore as number) - (without as number)).toBeLessThanOrEqual(9_000);
});
