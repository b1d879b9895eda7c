/**
 * The variables of a `.env` file. Programs read such files differently (Node's `util.parseEnv` changed between versions),
 * so a line of one of this server's variables is refused if they would disagree. The lines of other programs are skipped.
 */
import { existsSync, lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseLines } from './env-lines.ts';
import { ConfigError } from './load.ts';

export interface EnvFile {
  readonly values: Readonly<Record<string, string>>;
  /** What may not be meant, but does not stop the server. */
  readonly warnings: readonly string[];
}

/**
 * Reads `.env` in a directory; nothing is set if there is none.
 *
 * @throws ConfigError if it is there and cannot be read, is not text, or has lines that cannot be meant
 */
export function readEnvFile(directory: string): EnvFile {
  const bytes = readBytes(join(directory, '.env'));
  if (bytes === null) {
    const isMisnamed = existsSync(join(directory, '.env.txt'));
    return { values: {}, warnings: isMisnamed ? ['.env.txt is not read; rename it to .env.'] : [] };
  }
  const { values, warnings, faults } = parseLines(decode(bytes));
  if (faults.length > 0) throw new ConfigError(faults);
  return { values, warnings };
}

function readBytes(file: string): Buffer | null {
  try {
    return readFileSync(file);
  } catch (error) {
    const { code = 'an unknown error' } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && !lstatSync(file, { throwIfNoEntry: false })) return null;
    throw new ConfigError([`.env: ${unreadable[code] ?? `it cannot be read (${code}); correct it, or remove it`}.`]);
  }
}

const unreadable: Readonly<Record<string, string>> = {
  ENOENT: 'it is a link to a file that does not exist; create that file, or remove the link',
  EISDIR: 'it is a directory, which Docker creates if a file to mount is missing; remove it, or replace it with a file',
  EACCES: 'this user may not read it (EACCES); give the user permission to read it, or remove it',
  EPERM: 'this user may not read it (EPERM); give the user permission to read it, or remove it',
};

/** UTF-8, with or without a byte order mark, or UTF-16 with one, which Windows PowerShell 5 writes. */
function decode(bytes: Buffer): string {
  const mark = bytes.subarray(0, 2).toString('hex');
  const encoding = mark === 'fffe' ? 'utf-16le' : mark === 'feff' ? 'utf-16be' : 'utf-8';
  const text = decodeAs(encoding, bytes);
  if (text?.includes('\0') || text === null) {
    // UTF-16 without a mark, or appended to UTF-8, has NUL characters; Windows' older encodings are not valid UTF-8.
    throw new ConfigError(['.env: it is not text in UTF-8; save it with the encoding UTF-8.']);
  }
  return text;
}

function decodeAs(encoding: string, bytes: Buffer): string | null {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}
