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

// The decoder keeps a byte order mark, so that the parser rejects it (RFC 8259, section 8.1).
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Parses JSON (RFC 8259) and rejects repeated members. `JSON.parse` returns the last one of them, and other parsers
 * return the first one. Two readers of a signed document would then see different values (RFC 7515, section 4; RFC 7519,
 * section 4), and a value of a client would be lost silently.
 *
 * @throws TypeError for invalid UTF-8; RepeatedMemberError; SyntaxError for any other error, including a byte order mark
 */
export function parseStrictJson(bytes: Uint8Array): unknown {
  const text = utf8.decode(bytes);
  const value: unknown = JSON.parse(text);
  if (!serializesTo(value, text)) rejectRepeatedMembers(text);
  return value;
}

/** Whether a value serializes to exactly this text. If so, no member was lost, and the slower scan is unnecessary. */
function serializesTo(value: unknown, text: string): boolean {
  try {
    return JSON.stringify(value) === text;
  } catch {
    // The value is nested too deeply for JSON.stringify.
    return false;
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
