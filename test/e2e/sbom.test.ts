/** The SBOM: the packages that an installation has, and no others. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root, runSource } from './built-command.ts';

interface Lock {
  readonly packages: Readonly<Record<string, { readonly version: string; readonly integrity: string }>>;
}

interface Component {
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly licenses?: readonly object[];
  readonly hashes: readonly { readonly alg: string; readonly content: string }[];
}

const readJson = <Content>(name: string) => JSON.parse(readFileSync(join(root, name), 'utf8')) as Content;

test('lists the production dependencies with versions, licenses and hashes, and no development dependencies', async () => {
  const { code, stdout, stderr } = await runSource(join(root, 'scripts', 'sbom.ts')).ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const sbom = JSON.parse(stdout);
  const manifest = readJson<{ version: string; dependencies: object; devDependencies: object }>('package.json');
  expect(sbom).toMatchObject({
    bomFormat: 'CycloneDX',
    specVersion: expect.stringMatching(/^1\.\d$/),
    metadata: { component: { type: 'application', name: 'todo-api', version: manifest.version } },
  });

  const components = sbom.components as readonly Component[];
  const names = components.map(({ name }) => name);
  const direct = Object.keys(manifest.dependencies);
  expect(direct.filter((name) => !names.includes(name))).toEqual([]);
  // Dependencies of dependencies.
  for (const name of ['pg-types', 'pg-pool', '@better-auth/core', 'sonic-boom']) expect(names).toContain(name);
  expect(Object.keys(manifest.devDependencies).filter((name) => names.includes(name))).toEqual([]);
  for (const name of ['esbuild', 'vite', 'rolldown']) expect(names).not.toContain(name);

  const { packages } = readJson<Lock>('package-lock.json');
  for (const { name, version, purl, licenses, hashes } of components) {
    const locked = Object.entries(packages).filter(([path]) => path.endsWith(`node_modules/${name}`));
    const { integrity = '' } = locked.find(([, entry]) => entry.version === version)?.[1] ?? {};
    expect(purl).toBe(`pkg:npm/${name.replace('@', '%40')}@${version}`);
    expect(hashes, name).toContainEqual({ alg: 'SHA-512', content: hexOf(integrity) });
    expect(licenses, name).not.toEqual([]);
  }
});

function hexOf(integrity: string): string {
  return Buffer.from(integrity.replace('sha512-', ''), 'base64').toString('hex');
}
