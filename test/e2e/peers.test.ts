/** The peers of the benchmark `npm run bench:peers`. It takes minutes, so this checks only what needs no installation. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root, runSource } from './built-command.ts';

const folder = join(root, 'bench', 'peers');
const peers = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());

test('the program of each peer has no syntax error, or its toolchain is missing', async () => {
  const { code, stdout, stderr } = await runSource(join(root, 'bench', 'peers.ts'), ['--check']).ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const lines = stdout.trim().split('\n');
  expect(lines).toHaveLength(peers.length);
  for (const line of lines) expect(line).toMatch(/: (ok|skipped, because `.*` fails)$/);
  expect(lines).toContain('Fastify + pg: ok');
});

test('the packages of each peer in npm are pinned and locked', () => {
  const inNpm = peers.map(({ name }) => join(folder, name)).filter((path) => existsSync(join(path, 'package.json')));
  expect(inNpm).not.toEqual([]);
  for (const path of inNpm) {
    const { dependencies } = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'));
    const { packages } = JSON.parse(readFileSync(join(path, 'package-lock.json'), 'utf8'));
    expect(packages[''].dependencies).toEqual(dependencies);
    for (const [name, version] of Object.entries(dependencies)) {
      expect(packages[`node_modules/${name}`].version).toBe(version);
    }
  }
});
