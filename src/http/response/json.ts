/** JSON documents as HTTP responses. */

/**
 * Like Hono's `context.json`, but always with plain headers, which go to Node as they are.
 *
 * @param headers beyond the content type
 */
export function jsonResponse(document: unknown, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(JSON.stringify(document), { headers: { 'Content-Type': 'application/json', ...headers } });
}
