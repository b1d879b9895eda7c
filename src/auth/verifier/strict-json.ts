/** JSON as signed documents need it: well-formed UTF-8, and no member twice in an object, at any depth. */

/** What a JSON object is before anything is known of its members. */
export type JsonObject = Readonly<Record<string, unknown>>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Parses JSON (RFC 8259). Of two members with one name `JSON.parse` takes the last, others take the first: two readers
 * of one signed document would see two different things (RFC 7515, 4; RFC 7519, 4), so such a document is refused.
 * @throws TypeError for bytes that are not UTF-8, a byte order mark included; SyntaxError for everything else.
 */
export function parseStrictJson(bytes: Uint8Array): unknown {
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  const value: unknown = JSON.parse(text);
  refuseRepeatedMembers(text);
  return value;
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
      if (names?.has(name)) throw new SyntaxError('a member appears twice in an object');
      names?.add(name);
    }
  }
}
