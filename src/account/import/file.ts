/** The import of a file of any size: it is read as a stream, and its lines are imported in bounded pieces. */
import { ProblemError } from '../../problems/problem.ts';
import { maxImportBytes, maxImportLines } from './limits.ts';
import { isBlank, lineFeed, lineMessage, type ParsedLines, parseLines, type TextLine } from './lines.ts';
import type { ImportResult } from './schemas.ts';

/** The file cannot be imported. The message names the line and the fix. */
export class ImportFileError extends Error {
  override readonly name = 'ImportFileError';
}

/** What was imported so far. */
export interface ImportTotals extends Omit<ImportResult, 'problems'> {
  /** The number of the last line. */
  readonly lines: number;
}

export interface FileImport {
  /** The user for whom the lines are imported; undefined for the user of the file's header. */
  readonly userId: string | undefined;
  /** Called with the user before the first piece. */
  readonly onUser: (userId: string) => void | Promise<void>;
  /** Imports the lines of a piece, all or none of them. */
  readonly importPiece: (userId: string, lines: ParsedLines) => Promise<ImportResult>;
  /** Called after each piece. */
  readonly onPiece: (totals: ImportTotals, result: ImportResult) => void | Promise<void>;
}

/**
 * Imports the pieces one after the other. A repetition skips what an earlier run has imported.
 *
 * @throws ImportFileError for a line that is not valid, for a failure of the database, and for a file without its last line.
 *   The pieces before are imported
 */
export async function importFile(source: AsyncIterable<Uint8Array>, file: FileImport): Promise<ImportTotals> {
  let totals: ImportTotals = { lines: 0, created: 0, unchanged: 0, skipped: 0, ignored: 0 };
  let header: Header | undefined;
  let userId: string | undefined;
  let last: TextLine | undefined;
  for await (const piece of piecesOf(linesOf(source))) {
    if (userId === undefined) {
      header = headerOf(piece[0] as TextLine);
      userId = file.userId ?? header?.user_id;
      if (userId === undefined) {
        throw new ImportFileError(
          'the first line is not that of an export, which names the user. Use an export in UTF-8 without a byte order mark, or --user ID.',
        );
      }
      await file.onUser(userId);
    }
    const result = await importPiece(file, userId, piece);
    last = piece.at(-1) as TextLine;
    // The problems of a large file would fill the memory.
    const { problems: _, ...sums } = sumOf({ ...totals, problems: [] }, result);
    totals = { ...sums, lines: last.number };
    await file.onPiece(totals, result);
  }
  if (!last) throw new ImportFileError('the file has no lines.');
  if (header && !isEnd(last)) {
    throw new ImportFileError(
      `the file ends at line ${last.number} without a line of the type end, so the export is incomplete. Its lines were imported. Export again, and import that file, too.`,
    );
  }
  return totals;
}

async function importPiece(file: FileImport, userId: string, piece: readonly TextLine[]): Promise<ImportResult> {
  try {
    return await file.importPiece(userId, parseLines(piece));
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    // The lines of a piece share the timeout of a request, and a slow machine may need longer.
    if (error.code === 'timeout' && piece.length > 1) {
      const middle = piece.length >> 1;
      const first = await importPiece(file, userId, piece.slice(0, middle));
      return sumOf(first, await importPiece(file, userId, piece.slice(middle)));
    }
    const { detail, errors = [] } = error;
    const messages = errors.length > 0 ? errors.map(lineMessage) : [detail];
    const [first = 1, end] = [piece[0]?.number, piece.at(-1)?.number];
    const before = first > 1 ? `, and those before line ${first} were` : '';
    throw new ImportFileError(
      `${messages.join('\n')}\nNone of the lines ${first} to ${end} was imported${before}. Correct the cause and repeat the command: it skips what exists.`,
      { cause: error },
    );
  }
}

function sumOf(one: ImportResult, other: ImportResult): ImportResult {
  return {
    created: one.created + other.created,
    unchanged: one.unchanged + other.unchanged,
    skipped: one.skipped + other.skipped,
    ignored: one.ignored + other.ignored,
    problems: [...one.problems, ...other.problems],
  };
}

interface Header {
  readonly user_id?: string;
}

/** The header of an export; undefined if the first line is another one. */
function headerOf(line: TextLine): Header | undefined {
  const { type, user_id } = parsed(line);
  return type === 'export' ? { ...(typeof user_id === 'string' && { user_id }) } : undefined;
}

function isEnd(line: TextLine): boolean {
  return parsed(line).type === 'end';
}

/** Nothing if the line is no object. The import reports its error. */
function parsed({ bytes }: TextLine): { readonly type?: unknown; readonly user_id?: unknown } {
  try {
    return Object(JSON.parse(Buffer.from(bytes).toString()));
  } catch {
    return {};
  }
}

/** The lines that are not blank. Only one line is in memory. */
async function* linesOf(source: AsyncIterable<Uint8Array>): AsyncGenerator<TextLine, void, void> {
  let number = 1;
  let parts: Uint8Array[] = [];
  let length = 0;
  const add = (part: Uint8Array) => {
    length += part.length;
    if (length > maxImportBytes) {
      throw new ImportFileError(
        `line ${number}: has more than ${maxImportBytes / 1024} KiB, so it is no line of an export.`,
      );
    }
    parts.push(part);
  };
  const end = (): TextLine[] => {
    const bytes = Buffer.concat(parts);
    const line = { number, bytes };
    [number, parts, length] = [number + 1, [], 0];
    return isBlank(bytes) ? [] : [line];
  };
  for await (const chunk of source) {
    let start = 0;
    for (let found = chunk.indexOf(lineFeed); found >= 0; found = chunk.indexOf(lineFeed, start)) {
      add(chunk.subarray(start, found));
      yield* end();
      start = found + 1;
    }
    add(chunk.subarray(start));
  }
  yield* end();
}

/** Pieces of as many lines as the limits of a request allow. */
async function* piecesOf(lines: AsyncIterable<TextLine>): AsyncGenerator<TextLine[], void, void> {
  let piece: TextLine[] = [];
  let bytes = 0;
  for await (const line of lines) {
    if (piece.length === maxImportLines || bytes + line.bytes.length > maxImportBytes) {
      yield piece;
      [piece, bytes] = [[], 0];
    }
    piece.push(line);
    bytes += line.bytes.length;
  }
  if (piece.length > 0) yield piece;
}
