/** Bounds of problem documents: a small request must not cause a large response. */

/** Maximum size of a problem in bytes. It follows from the other bounds; a test holds it against them. */
export const maxProblemBytes = 16 * 1024;

/** Maximum number of errors in a problem. */
export const maxErrors = 20;

/** Maximum lengths of the texts in a problem. A character takes at most 6 bytes in JSON (`\u0000`). */
export const maxLengths = { detail: 500, instance: 1_000, pointer: 100, message: 300, authCode: 100 } as const;

/** Maximum size in bytes of all errors together. */
const maxErrorBytes = 6 * 1024;

/** The text, truncated to a maximum length. Truncated texts end with an ellipsis. */
export function truncated(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  return `${text.slice(0, maxLength - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

/** The URI reference, truncated to a maximum length between two of its characters. */
export function truncatedReference(uri: string): string {
  const { instance } = maxLengths;
  return uri.length <= instance ? uri : uri.slice(0, instance).replace(/%[0-9a-f]?$/i, '');
}

/** The first errors, as many as the bounds allow, and at least one. */
export function firstErrors<Found extends { readonly pointer: string; readonly message: string }>(
  errors: readonly Found[],
): Found[] {
  const listed: Found[] = [];
  let bytes = 0;
  for (const error of errors.slice(0, maxErrors)) {
    const pointer = truncated(error.pointer, maxLengths.pointer);
    const short = { ...error, pointer, message: truncated(error.message, maxLengths.message) };
    bytes += Buffer.byteLength(JSON.stringify(short));
    if (bytes > maxErrorBytes) break;
    listed.push(short);
  }
  return listed;
}
