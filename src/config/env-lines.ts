/** Parser of the lines of a `.env` file. Messages name lines and variables, and never quote a value. */
import { isVariableName } from './variables.ts';

export interface EnvLines {
  readonly values: Readonly<Record<string, string>>;
  readonly warnings: readonly string[];
  readonly errors: readonly string[];
}

/** A parsed assignment. A quoted value can have several lines. */
interface Assignment {
  readonly name: string;
  readonly value: string;
  /** The reason, if the assignment is rejected. */
  readonly error?: string;
  /** The index of the line after the assignment. */
  readonly next: number;
}

const assignment = /^\s*(?:export\s+)?([\w.-]+)\s*=\s*(.*)$/u;
const bareName = /^\s*(?:export\s+)?([\w.-]+)\s*$/u;
/** In systemd's environment files, comments can also begin with a semicolon. */
const blankOrComment = /^\s*(?:[#;].*)?$/u;

export function parseLines(text: string): EnvLines {
  const lines = text.split(/\r\n|\r|\n/);
  const values: Record<string, string> = {};
  const setOn = new Map<string, number>();
  const warnings: string[] = [];
  const errors: string[] = [];
  for (let index = 0; index < lines.length; ) {
    const line = lines[index] as string;
    const number = index + 1;
    const found = blankOrComment.test(line) ? null : readAssignment(lines, index);
    index = found?.next ?? number;
    if (found?.error) {
      errors.push(`.env, line ${number}: ${found.error}.`);
    } else if (found) {
      const { name, value } = found;
      if (isVariableName(name) && name in values && values[name] !== value) {
        warnings.push(
          `.env, line ${number}: ${name} was already set on line ${setOn.get(name)}; the last value counts.`,
        );
      }
      values[name] = value;
      setOn.set(name, number);
    }
  }
  return { values, warnings, errors };
}

/** Returns null for the bare name of another program's variable. In this form, Docker passes a variable on. */
function readAssignment(lines: readonly string[], index: number): Assignment | null {
  const line = lines[index] as string;
  const next = index + 1;
  const [, name = '', rest = ''] = assignment.exec(line) ?? [];
  if (name !== '') {
    const isQuoted = /^["'`]/.test(rest);
    return (isQuoted ? readQuoted(name, rest, lines, next) : null) ?? readUnquoted(name, rest, next);
  }
  const [, bare] = bareName.exec(line) ?? [];
  if (bare !== undefined && !isVariableName(bare)) return null;
  const error = bare
    ? `${bare} has no value; write ${bare}=value`
    : 'write NAME=value, with nothing but `export` before the name; comments begin with #';
  return { name: '', value: '', error, next };
}

function readUnquoted(name: string, rest: string, next: number): Assignment {
  const hash = rest.indexOf('#');
  const value = (hash < 0 ? rest : rest.slice(0, hash)).trim();
  const isComment = hash < 0 || /\s/.test(rest[hash - 1] ?? '') || (hash === 0 && /^#\s/.test(rest));
  if (isComment || !isVariableName(name)) return { name, value, next };
  return {
    name,
    value,
    error: `${name} has a # in it, which begins a comment in some programs; put the value in single quotes`,
    next,
  };
}

/** Returns null if another program's variable has no closing quote, because its value can begin with an apostrophe. */
function readQuoted(name: string, rest: string, lines: readonly string[], next: number): Assignment | null {
  const quote = rest[0] as string;
  const isOurs = isVariableName(name);
  const unclosed = {
    name,
    value: '',
    error: `${name} begins with a quote that is not closed; close or remove the quote`,
    next,
  };
  const parts = [rest.slice(1)];
  for (let end = next; ; end += 1) {
    const last = parts.at(-1) as string;
    const closing = closingQuote(last, quote);
    if (closing >= 0) {
      parts[parts.length - 1] = last.slice(0, closing);
      const value = parts.join('\n');
      const error = isOurs ? ambiguityReason(name, value, quote) : null;
      return { name, value, next: end, ...(error && { error }) };
    }
    const following = lines[end];
    if (following === undefined || (end === next && last.includes(quote))) return isOurs ? unclosed : null;
    // Without this check, the next variable of this server would become part of the value.
    if (isVariableName(assignment.exec(following)?.[1] ?? '')) return unclosed;
    parts.push(following);
  }
}

/** The index of the first quote that only a comment follows; -1 if there is none. */
function closingQuote(text: string, quote: string): number {
  for (let index = text.indexOf(quote); index >= 0; index = text.indexOf(quote, index + 1)) {
    if (/^\s*(?:#.*)?$/.test(text.slice(index + 1))) return index;
  }
  return -1;
}

/** The reason why programs parse a quoted value differently; null if they do not. */
function ambiguityReason(name: string, value: string, quote: string): string | null {
  if (value.includes(quote))
    return `${name} has quotes inside quotes of the same kind; use another kind around the value`;
  if (quote === '"' && /\\[nrt]/.test(value)) {
    return `${name} has a backslash in double quotes, which some programs replace; put the value in single quotes`;
  }
  return null;
}
