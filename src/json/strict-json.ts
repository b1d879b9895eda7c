/** JSON without a second meaning: well-formed UTF-8, and no member twice in an object, at any depth. */

/** What a JSON object is before anything is known of its members. */
export type JsonObject = Readonly<Record<string, unknown>>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Well-formed JSON in which an object has a member twice. */
export class RepeatedMemberError extends SyntaxError {
  override readonly name = 'RepeatedMemberError';
}

// A byte order mark is kept, and so refused by the parser (RFC 8259, section 8.1).
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Parses JSON (RFC 8259). Of two members with one name `JSON.parse` takes the last, others take the first: two readers
 * of one signed document would see two different things (RFC 7515, 4; RFC 7519, 4), and of a client's two values one
 * would be dropped without a word. So such a document is refused.
 * @throws TypeError for bytes that are not UTF-8; RepeatedMemberError; SyntaxError for everything else, a byte order
 *   mark included.
 */
export function parseStrictJson(bytes: Uint8Array): unknown {
  const text = utf8.decode(bytes);
  const value: unknown = JSON.parse(text);
  if (!isWholeOf(value, text)) refuseRepeatedMembers(text);
  return value;
}

/** Whether a value is written letter by letter as it was read: then no member was dropped, and to look takes longer. */
function isWholeOf(value: unknown, text: string): boolean {
  try {
    return JSON.stringify(value) === text;
  } catch {
    // Nested deeper than can be written.
    return false;
  }
}

/** In well-formed JSON: a string with a colon behind it, which is a member's name; any other string; a brace. */
const memberOrBrace = /("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?|[{}]/g;

function refuseRepeatedMembers(json: string): void {
  const namesOfOpenObjects: Set<unknown>[] = [];
  for (const [found, text, colon] of json.matchAll(memberOrBrace)) {
    if (found === '{') namesOfOpenObjects.push(new Set());
    else if (found === '}') namesOfOpenObjects.pop();
    else if (text && colon) {
      // Names are compared as they read: "\u0073ub" is "sub".
      const name: unknown = JSON.parse(text);
      const names = namesOfOpenObjects.at(-1);
      if (names?.has(name)) throw new RepeatedMemberError('a member appears twice in an object');
      names?.add(name);
    }
  }
}
