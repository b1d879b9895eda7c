/**
 * Table of sizes and abilities in client/README.md. It installs other clients in a temporary folder, bundles each one, and
 * writes the table. The abilities are read from the documentation and the sources of these versions.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleSize } from './bundle-size.ts';

interface Measured {
  readonly name: string;
  /** The exact version; null for the client of this repository. */
  readonly version: string | null;
  readonly code: string;
  readonly abilities: Readonly<Record<string, string>>;
}

const client = join(import.meta.dirname, '..');
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';

const clients: readonly Measured[] = [];

const folder = mkdtempSync(join(tmpdir(), 'todo-api-sizes-'));
try {
  writeFileSync(join(folder, 'package.json'), '{"private":true}');
  const packages = clients.flatMap(({ name, version }) => (version === null ? [] : [`${name}@${version}`]));
  execFileSync(npm, ['install', '--ignore-scripts', '--no-audit', '--no-fund', ...packages], {
    cwd: folder,
    stdio: 'inherit',
  });
  writeTable(await table());
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

async function table(): Promise<string> {
  const titles = Object.keys(clients[0]?.abilities ?? {});
  const sizes = await Promise.all(clients.map(({ code }) => bundleSize(code, folder)));
  const rows = [
    ['', ...clients.map(({ name, version }) => `\`${name}\`${version === null ? '' : ` ${version}`}`)],
    ['---', ...clients.map(() => '---')],
    ['Size, minified and gzipped, kB', ...sizes.map((bytes) => (bytes / 1000).toFixed(1))],
    ...titles.map((title) => [title, ...clients.map(({ abilities }) => abilities[title] ?? '')]),
  ];
  return rows.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function writeTable(text: string): void {
  const file = join(client, 'README.md');
  const readme = readFileSync(file, 'utf8');
  writeFileSync(
    file,
    readme.replace(/(<!-- generated: sizes -->\n).*?(<!-- end -->)/s, (_, start, end) => `${start}\n${text}\n\n${end}`),
  );
}
