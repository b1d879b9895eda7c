/** Strict JSON parser: it accepts only well-formed UTF-8 without repeated members in any object. */

/** A JSON object with unknown members. */
export type JsonObject = Readonly<Record<string, unknown>>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Well-formed JSON with a repeated member in an object. */
export class RepeatedMemberError extends SyntaxError {
  override readonly name = 'RepeatedMemberError';
}

/** JSON that is nested too deeply, or that has too many values. */
export class TooManyValuesError extends SyntaxError {
  override readonly name = 'TooManyValuesError';
}

/** Maximum depth of nested arrays and objects. The largest valid body has six levels. */
export const maxDepth = 32;

/** Maximum number of values, those of members and elements included. The largest valid batch has about 3,700. */
export const maxValues = 5_000;

// The decoder keeps a byte order mark, so that the parser rejects it (RFC 8259, section 8.1).
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Parses JSON (RFC 8259) and rejects repeated members. `JSON.parse` returns the last one of them, and other parsers
 * return the first one. Two readers of a signed document would then see different values (RFC 7515, section 4; RFC 7519,
 * section 4), and a value of a client would be lost silently.
 *
 * @throws TypeError for invalid UTF-8; RepeatedMemberError; TooManyValuesError; SyntaxError for any other error, including
 *   a byte order mark
 */
export function parseStrictJson(bytes: Uint8Array): unknown {
  rejectManyValues(bytes);
  const text = utf8.decode(bytes);
  const value: unknown = JSON.parse(text);
  // If a value serializes to exactly its text, no member was lost, and the slower scan is unnecessary.
  if (JSON.stringify(value) !== text) rejectRepeatedMembers(text);
  return value;
}

const [quote, comma, backslash] = [0x22, 0x2c, 0x5c];
const [openArray, closeArray, openObject, closeObject] = [0x5b, 0x5d, 0x7b, 0x7d];

/** Counts before anything is parsed, because each value costs the parser and all readers of the result time. */
function rejectManyValues(bytes: Uint8Array): void {
  let [depth, values] = [0, 1];
  for (let at = 0; at < bytes.length; at += 1) {
    switch (bytes[at]) {
      case quote:
        at = endOfString(bytes, at);
        break;
      case comma:
        values += 1;
        break;
      case openArray:
      case openObject:
        depth += 1;
        values += 1;
        break;
      case closeArray:
      case closeObject:
        depth -= 1;
        break;
    }
    if (depth > maxDepth) throw new TooManyValuesError(`more than ${maxDepth} levels of nesting`);
    if (values > maxValues) throw new TooManyValuesError(`more than ${maxValues} values`);
  }
}

/** The position of the quote that ends a string; the length of malformed JSON without one. */
function endOfString(bytes: Uint8Array, start: number): number {
  let end = start;
  for (;;) {
    end = bytes.indexOf(quote, end + 1);
    if (end < 0) return bytes.length;
    let escapes = 0;
    while (bytes[end - 1 - escapes] === backslash) escapes += 1;
    if (escapes % 2 === 0) return end;
  }
}

/** Tokens of well-formed JSON: a member name (a string before a colon), any other string, or a brace. */
const memberOrBrace = /("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?|[{}]/g;

function rejectRepeatedMembers(json: string): void {
  const namesOfOpenObjects: Set<unknown>[] = [];
  for (const [found, text, colon] of json.matchAll(memberOrBrace)) {
    if (found === '{') namesOfOpenObjects.push(new Set());
    else if (found === '}') namesOfOpenObjects.pop();
    else if (text && colon) {
      // Names are compared without their escapes: "\u0073ub" equals "sub".
      const name: unknown = JSON.parse(text);
      const names = namesOfOpenObjects.at(-1);
      if (names?.has(name)) throw new RepeatedMemberError('an object has a repeated member');
      names?.add(name);
    }
  }
}
