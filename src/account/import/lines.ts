/** The lines of an import: their texts, and their content after validation. */
import { parseJson } from '../../http/request/body.ts';
import { runSchema } from '../../http/request/validate.ts';
import { FoundErrors } from '../../http/request/validation-errors.ts';
import { maxErrors } from '../../problems/bounds.ts';
import { type FieldError, ProblemError } from '../../problems/problem.ts';
import { requireBeginning } from '../../tasks/recurrence/merged-write.ts';
import { maxImportLines } from './limits.ts';
import { type ListLine, lineSchemas, type TaskLine, type TrashLine } from './schemas.ts';

/** The text of a line that is not blank. */
export interface TextLine {
  /** Its number in the file, from 1. */
  readonly number: number;
  readonly bytes: Uint8Array;
}

/** The place of a line in the request and in the file. */
interface Place {
  /** Its index among the lines of the request. */
  readonly index: number;
  /** Its number in messages, from 1. */
  readonly number: number;
}

export type Placed<Line> = Place & { readonly line: Line };

/** The lines of a request by their types. */
export interface ParsedLines {
  readonly lists: readonly Placed<ListLine>[];
  readonly tasks: readonly Placed<TaskLine>[];
  readonly trash: readonly Placed<TrashLine>[];
  readonly ignored: number;
}

export const lineFeed = 0x0a;
const whiteSpace = new Set([0x20, 0x09, 0x0d]);

/** The lines of a request. Blank lines count, and are left out. */
export function splitLines(body: Uint8Array): TextLine[] {
  const lines: TextLine[] = [];
  for (let [start, number] = [0, 1]; start < body.length; number += 1) {
    const found = body.indexOf(lineFeed, start);
    const end = found < 0 ? body.length : found;
    const bytes = body.subarray(start, end);
    if (!isBlank(bytes)) lines.push({ number, bytes });
    start = end + 1;
  }
  return lines;
}

export function isBlank(bytes: Uint8Array): boolean {
  return bytes.every((byte) => whiteSpace.has(byte));
}

/**
 * @throws ProblemError 400 for a line that is not JSON, and 422 for more than `maxImportLines`. For lines that are not valid, it
 *   is 422 with the errors of all of them
 */
export function parseLines(texts: readonly TextLine[]): ParsedLines {
  if (texts.length > maxImportLines) throw tooManyLines();
  const [lists, tasks, trash]: [Placed<ListLine>[], Placed<TaskLine>[], Placed<TrashLine>[]] = [[], [], []];
  const errors: FieldError[] = [];
  let [ignored, errorCount] = [0, 0];
  for (const [index, { number, bytes }] of texts.entries()) {
    const place = { index, number };
    const value = parseJson(bytes, `Line ${number}`);
    const type = isObject(value) ? value.type : undefined;
    const found = errorsOf(value, type);
    if ('line' in found) {
      if (type === 'list') lists.push({ ...place, line: found.line as ListLine });
      else if (type === 'task') tasks.push({ ...place, line: found.line as TaskLine });
      else if (type === 'trash') trash.push({ ...place, line: found.line as TrashLine });
      else ignored += 1;
      continue;
    }
    errorCount += found.count;
    if (errors.length < maxErrors) errors.push(...found.errors.map((error) => errorAt(place, error)));
  }
  if (errorCount > 0) throw invalidLines(errors.slice(0, maxErrors), errorCount);
  return { lists, tasks, trash, ignored };
}

type Checked = { readonly line: unknown } | { readonly errors: readonly FieldError[]; readonly count: number };

function errorsOf(value: unknown, type: unknown): Checked {
  if (!isObject(value)) return oneError('', 'must be an object');
  const schema = typeof type === 'string' && Object.hasOwn(lineSchemas, type) ? lineSchemas[type] : undefined;
  if (!schema) return oneError('/type', `must be one of ${Object.keys(lineSchemas).join(', ')}`);
  const { value: line, issues } = runSchema(schema, value);
  if (issues.length > 0) {
    const found = new FoundErrors();
    found.add(issues, 'body');
    return { errors: found.first, count: found.count };
  }
  return seriesErrors(type, line) ?? { line };
}

/** The errors of a recurrence that cannot begin on its day. */
function seriesErrors(type: unknown, line: unknown): Checked | undefined {
  const { task, series } = line as Partial<TaskLine>;
  if (type !== 'task' || !task?.due || !task.recurrence) return undefined;
  try {
    requireBeginning({ ...task, due: { date: series?.anchor ?? task.due.date } });
    return undefined;
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    const errors = (error.errors ?? []).map((each) => ({ ...each, pointer: `/task${each.pointer}` }));
    return { errors, count: errors.length };
  }
}

function isObject(value: unknown): value is { readonly type?: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function oneError(pointer: string, message: string): Checked {
  return { errors: [{ in: 'body', pointer, message }], count: 1 };
}

/** The error of a field of a line. Its pointer begins with the index of the line. */
export function errorAt({ index, number }: Place, error: FieldError): FieldError {
  return { ...error, pointer: `/${index}${error.pointer}`, message: `line ${number}: ${error.message}` };
}

function tooManyLines(): ProblemError {
  const message = `has more than ${maxImportLines} lines; send the rest in another request`;
  return invalidLines([{ in: 'body', pointer: '', message }]);
}

/** The problem of lines that are not valid. */
export function invalidLines(errors: readonly FieldError[], errorCount = errors.length): ProblemError {
  return new ProblemError('validation_failed', { detail: errors.map(lineMessage)[0], errors, errorCount });
}

/** `line 7: task/title must have…` */
export function lineMessage({ pointer, message }: FieldError): string {
  const field = pointer.replace(/^\/\d+\/?/, '');
  return field === '' ? message : message.replace(/^line \d+: /, (place) => `${place}${field} `);
}
