/** JSON responses. */

/**
 * Like Hono's `context.json`, but with plain headers, which Node receives without a conversion.
 *
 * @param headers in addition to the content type
 */
export function jsonResponse(document: unknown, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(JSON.stringify(document), { headers: { 'Content-Type': 'application/json', ...headers } });
}
