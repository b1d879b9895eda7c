/**
 * Storage in files, for Node: one journal per user. Each line is a commit, with a checksum, and is on the disk before the
 * commit resolves. A line that a crash has cut off is ignored. When the journal has grown, it is written anew.
 *
 * One process at a time may use a folder.
 */
import { createHash } from 'node:crypto';
import { type FileHandle, mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { OfflineStorage, RecordChange, StoragePlace } from './storage.ts';

/** Bytes from which a journal is written anew, if it is also more than twice as long as after the last time. */
const compactFrom = 1024 * 1024;

/** @param folder it is created if it does not exist; the names of its files do not show the ids of users */
export function fileStorage(folder: string): StoragePlace {
  return {
    sharedName: null,
    async open(userId) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const name = createHash('sha256').update(userId).digest('hex').slice(0, 32);
      return openJournal(join(folder, `${name}.journal`));
    },
  };
}

/** A line of the journal. */
interface Commit {
  readonly revision: number;
  /** `null` instead of `undefined` deletes a record, because JSON has no `undefined`. Values are never null. */
  readonly changes: readonly (readonly [key: string, value: unknown])[];
}

async function openJournal(path: string): Promise<OfflineStorage> {
  const records = new Map<string, unknown>();
  let revision = 0;
  const text = await readFile(path, 'utf8').catch(missingAsEmpty);
  let validLength = 0;
  for (const line of text.split('\n').slice(0, -1)) {
    const commit = parseLine(line);
    // What follows a line that is cut off was never acknowledged.
    if (!commit) break;
    apply(commit);
    validLength += Buffer.byteLength(line) + 1;
  }
  let file = await open(path, 'a', 0o600);
  await file.truncate(validLength);
  let length = validLength;
  let compactedLength = 0;
  /** Whether the last line may be incomplete, for example because the disk is full. */
  let isIncomplete = false;
  /** Writes run one after another. */
  let last: Promise<unknown> = Promise.resolve();

  function apply({ revision: next, changes }: Commit): void {
    for (const [key, value] of changes) {
      if (value === null) records.delete(key);
      else records.set(key, value);
    }
    revision = next;
  }

  function inTurn<Result>(step: () => Promise<Result>): Promise<Result> {
    const result = last.then(step);
    last = result.catch(() => {});
    return result;
  }

  async function append(commit: Commit): Promise<void> {
    // The next line must not follow a part of this one, because it would be ignored.
    if (isIncomplete) await file.truncate(length);
    isIncomplete = true;
    const line = formatLine(commit);
    await file.appendFile(line);
    await file.datasync();
    isIncomplete = false;
    length += Buffer.byteLength(line);
  }

  async function compact(): Promise<void> {
    const temporary = `${path}.new`;
    const line = formatLine({ revision, changes: [...records] });
    const written = await open(temporary, 'w', 0o600);
    try {
      await written.writeFile(line);
      await written.sync();
    } finally {
      await written.close();
    }
    // Windows does not replace open files.
    await file.close();
    try {
      await rename(temporary, path);
      await syncFolder(path);
      length = Buffer.byteLength(line);
      compactedLength = length;
    } finally {
      file = await open(path, 'a', 0o600);
    }
  }

  return {
    async read() {
      return { revision, records: structuredClone([...records]) };
    },
    async readRevision() {
      return revision;
    },
    commit: (expected, changes) =>
      inTurn(async () => {
        if (expected !== revision) return false;
        const commit = { revision: revision + 1, changes: changes.map(withoutUndefined) };
        await append(commit);
        apply(commit);
        // The commit is durable, also if the disk has no space for a second journal.
        if (length > Math.max(compactFrom, 2 * compactedLength)) await compact().catch(() => {});
        return true;
      }),
    erase: () =>
      inTurn(async () => {
        records.clear();
        revision += 1;
        await compact();
      }),
    close: () => inTurn(() => file.close()),
  };
}

function withoutUndefined([key, value]: RecordChange): [string, unknown] {
  return [key, value === undefined ? null : value];
}

function formatLine(commit: Commit): string {
  const text = JSON.stringify(commit);
  return `${checksum(text)} ${text}\n`;
}

function parseLine(line: string): Commit | undefined {
  const text = line.slice(line.indexOf(' ') + 1);
  return line.startsWith(`${checksum(text)} `) ? JSON.parse(text) : undefined;
}

function checksum(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

function missingAsEmpty(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return '';
  throw error;
}

/** Makes a renamed file durable. Windows cannot open folders, and does it by itself. */
async function syncFolder(path: string): Promise<void> {
  let folder: FileHandle;
  try {
    folder = await open(join(path, '..'), 'r');
  } catch {
    return;
  }
  await folder.sync().catch(() => {});
  await folder.close();
}
