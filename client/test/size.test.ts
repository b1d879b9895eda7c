/** The size of the client in a browser, and what it depends on. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bundleSize } from '../scripts/bundle-size.ts';

const client = join(import.meta.dirname, '..');

test('the fetch client has at most 4 kB', async () => {
  expect(await sizeOf(['index'])).toBeLessThanOrEqual(4_000);
});

test('it has no dependencies', () => {
  const manifest = JSON.parse(readFileSync(join(client, 'package.json'), 'utf8'));
  expect(manifest.dependencies).toBeUndefined();
});

test('the offline store and its storage in a browser have at most 9 kB more', async () => {
  expect(await additionalSize(['index'], ['offline/index', 'offline/indexed-db'])).toBeLessThanOrEqual(9_000);
});

test('each integration has at most 1.5 kB more', async () => {
  expect(await additionalSize(['index'], ['tanstack-query'])).toBeLessThanOrEqual(1_500);
  const offline = ['index', 'offline/index', 'offline/indexed-db'];
  expect(await additionalSize(offline, ['tanstack-db'])).toBeLessThanOrEqual(1_500);
});

/** Bytes that the modules add to a bundle of others. */
async function additionalSize(others: readonly string[], modules: readonly string[]): Promise<number> {
  const [without = 0, withModules = 0] = await Promise.all([sizeOf(others), sizeOf([...others, ...modules])]);
  return withModules - without;
}

function sizeOf(modules: readonly string[]): Promise<number> {
  const exports = modules.map((name) => `export * from ${JSON.stringify(join(client, 'src', `${name}.ts`))}`);
  return bundleSize(exports.join('\n'), client);
}
