/** The commands of docs/clients.md, run in folders outside of the repository that keep what they install. */
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');
const page = readFileSync(join(root, 'docs', 'clients.md'), 'utf8');

/** Kept between runs, so that a second run downloads nothing. */
export const cache = join(tmpdir(), 'todo-api-clients');
const kept = /^(node_modules|package(-lock)?\.json|\.venv|.*\.jar)$/;

/** The commands below a heading. */
export function commandsOf(heading: string): string {
  const section = page.split(/^## /m).find((each) => each.startsWith(`${heading}\n`));
  const [, commands] = /^```sh\n(.*?)^```$/ms.exec(section ?? '') ?? [];
  if (commands === undefined) throw new Error(`docs/clients.md has no commands below "${heading}"`);
  return commands;
}

/** The headings that have commands. */
export const headings = page
  .split(/^## /m)
  .slice(1)
  .filter((section) => section.includes('```sh'))
  .map((section) => section.slice(0, section.indexOf('\n')));

/** An empty folder but for what an earlier run installed in it. */
export function folderFor(name: string): string {
  const folder = join(cache, name.replaceAll(/\W+/g, '-').toLowerCase());
  mkdirSync(folder, { recursive: true });
  for (const entry of readdirSync(folder).filter((each) => !kept.test(each))) {
    rmSync(join(folder, entry), { recursive: true, force: true });
  }
  return folder;
}
