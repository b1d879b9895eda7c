/** Installation of the peers in a temporary folder. */
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { execute, firstFailing } from '../../test/support/shell.ts';
import { type Peer, peers } from './catalogue.ts';

export interface InstalledPeer extends Peer {
  readonly directory: string;
  readonly installedVersions: string;
}

export interface SkippedPeer {
  readonly name: string;
  readonly reason: string;
}

/** @param target an empty folder */
export async function installPeers(target: string): Promise<{ installed: InstalledPeer[]; skipped: SkippedPeer[] }> {
  const installed: InstalledPeer[] = [];
  const skipped: SkippedPeer[] = [];
  for (const peer of peers) {
    const directory = join(target, peer.folder);
    cpSync(sourceOf(peer), directory, { recursive: true });
    try {
      await requireToolchain(peer, directory);
      await execute(peer.install, directory);
      const installedVersions = (await execute(peer.versions, directory)).trim();
      installed.push({ ...peer, directory, installedVersions });
      console.log(`${peer.name}: ${installedVersions}`);
    } catch (error) {
      skipped.push({ name: peer.name, reason: reasonOf(error as Error) });
      console.log(`${peer.name} is skipped: ${(error as Error).message}`);
    }
  }
  return { installed, skipped };
}

/**
 * Checks the syntax of each peer, without its packages.
 *
 * @returns one line per peer
 * @throws Error if a program has a syntax error
 */
export async function checkPeers(): Promise<string[]> {
  const lines: string[] = [];
  for (const peer of peers) {
    const missing = await firstFailing(peer.needs, sourceOf(peer));
    if (missing === undefined) await execute(peer.check, sourceOf(peer));
    lines.push(missing === undefined ? `${peer.name}: ok` : `${peer.name}: skipped, because \`${missing}\` fails`);
  }
  return lines;
}

async function requireToolchain({ needs }: Peer, directory: string): Promise<void> {
  const missing = await firstFailing(needs, directory);
  if (missing !== undefined) throw new Error(`\`${missing}\` fails`);
}

function sourceOf({ folder }: Peer): string {
  return join(import.meta.dirname, folder);
}

/** One line for a table: the last line that names an error, because a command prints other lines before and after it. */
function reasonOf({ message }: Error): string {
  const lines = message.split('\n').filter((line) => line.trim() !== '');
  const reason = lines.findLast((line) => /error|fail/i.test(line)) ?? lines.at(-1) ?? '';
  return reason.trim().slice(0, 200).replaceAll('|', '\\|');
}
