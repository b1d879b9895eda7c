/** Queries of requests: their parameters, read in one pass. */
import { ProblemError } from '../../problems/problem.ts';

/** Maximum number of parameters in a query. Repeated ones count each time. */
export const maxParameters = 100;

/** The parameters of a query: a string each, or an array of strings for a repeated parameter. */
export type Query = Readonly<Record<string, string | string[]>>;

/** The query of a URL without parameters. */
export const noQuery: Query = {};

/** @throws ProblemError malformed_request for more than `maxParameters`, and for text that is not UTF-8 */
export function readQuery(url: string): Query {
  const text = queryOf(url);
  if (text === undefined) return noQuery;
  const parameters = new Map<string, string | string[]>();
  for (const [name, value] of new URLSearchParams(text)) {
    const earlier = parameters.get(name);
    if (earlier === undefined) parameters.set(name, value);
    else if (Array.isArray(earlier)) earlier.push(value);
    else parameters.set(name, [earlier, value]);
  }
  // A property of this name is defined, and not assigned, so `__proto__` is a parameter like any other.
  return Object.fromEntries(parameters);
}

/** Checks a query that another library reads. Throws as `readQuery`. */
export function checkQuery(url: string): void {
  queryOf(url);
}

/** The text of a query with few parameters; undefined if there is none. */
function queryOf(url: string): string | undefined {
  const start = url.indexOf('?');
  if (start < 0) return undefined;
  const text = url.slice(start + 1).replace(/#.*$/, '');
  if (hasMany(text)) throw malformed(`The query has more than ${maxParameters} parameters.`);
  try {
    // URLSearchParams would silently replace invalid UTF-8 with U+FFFD.
    decodeURIComponent(text);
  } catch {
    throw malformed('The query is not percent-encoded UTF-8.');
  }
  return text;
}

/** Counts before anything is parsed, because each parameter costs time. */
function hasMany(text: string): boolean {
  let count = 1;
  for (let at = text.indexOf('&'); at >= 0; at = text.indexOf('&', at + 1)) {
    count += 1;
    if (count > maxParameters) return true;
  }
  return false;
}

function malformed(detail: string): ProblemError {
  return new ProblemError('malformed_request', { detail });
}
