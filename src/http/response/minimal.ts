/** Minimal responses (RFC 7240, section 4.2) to writes with tokens that must not read. */
import { readScopes, type Scope } from '../../vocabulary.ts';
import type { RequestContext } from '../request-context.ts';

/**
 * The response to an operation with this scope: without its body if the token may write and not read. Otherwise a patch
 * without changes would read a resource. A new resource (201) stays in the response, because the client has sent it.
 */
export function readableResponse(context: RequestContext, scope: Scope, response: Response): Response {
  const readScope = readScopes[scope];
  const { scopes } = context.get('principal');
  if (response.status !== 200 || !scopes || scopes.includes(readScope)) return response;
  const headers = new Headers(response.headers);
  headers.delete('Content-Type');
  headers.set('Preference-Applied', 'return=minimal');
  return new Response(null, { status: response.status, headers });
}
