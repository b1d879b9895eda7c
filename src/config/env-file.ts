/**
 * Reader of the `.env` file. Programs parse such files differently (Node's `util.parseEnv` changed between versions). So a
 * line with a variable of this server is rejected if it is ambiguous. Lines of other programs are skipped.
 */
import { existsSync, lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseLines } from './env-lines.ts';
import { ConfigError } from './load.ts';

export interface EnvFile {
  readonly values: Readonly<Record<string, string>>;
  /** Probable mistakes that do not prevent the start. */
  readonly warnings: readonly string[];
}

/**
 * Reads `.env` in a directory. Without the file, no variable is set.
 *
 * @throws ConfigError if the file cannot be read, is not text, or has invalid lines
 */
export function readEnvFile(directory: string): EnvFile {
  const bytes = readBytes(join(directory, '.env'));
  if (bytes === null) {
    const isMisnamed = existsSync(join(directory, '.env.txt'));
    return { values: {}, warnings: isMisnamed ? ['.env.txt is not read; rename it to .env.'] : [] };
  }
  const { values, warnings, errors } = parseLines(decode(bytes));
  if (errors.length > 0) throw new ConfigError(errors);
  return { values, warnings };
}

function readBytes(file: string): Buffer | null {
  try {
    return readFileSync(file);
  } catch (error) {
    const { code = 'an unknown error' } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && !lstatSync(file, { throwIfNoEntry: false })) return null;
    throw new ConfigError([`.env: ${unreadable[code] ?? `it cannot be read (${code}); fix it, or remove it`}.`]);
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
  const byteOrderMark = bytes.subarray(0, 2).toString('hex');
  const encoding = byteOrderMark === 'fffe' ? 'utf-16le' : byteOrderMark === 'feff' ? 'utf-16be' : 'utf-8';
  const text = decodeAs(encoding, bytes);
  if (text?.includes('\0') || text === null) {
    // UTF-16 without a mark, or appended to UTF-8, has NUL characters. Legacy encodings of Windows are not valid UTF-8.
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
