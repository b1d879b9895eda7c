/** Minimal responses (RFC 7240, section 4.2) to writes with tokens that must not read. */
import type { RequestContext } from '../request-context.ts';

/**
 * The response to a write: without its body if the token lacks `tasks:read`. Otherwise an empty patch would read a task.
 * A new task (201) stays in the response, because the client has sent it.
 */
export function responseToWrite(context: RequestContext, response: Response): Response {
  const { scopes } = context.get('principal');
  if (response.status !== 200 || !scopes || scopes.includes('tasks:read')) return response;
  const headers = new Headers(response.headers);
  headers.delete('Content-Type');
  headers.set('Preference-Applied', 'return=minimal');
  return new Response(null, { status: response.status, headers });
}
