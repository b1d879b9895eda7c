/** Handler for a method that a known path does not have (RFC 9110, section 15.5.6). */
import { ProblemError } from '../../problems/problem.ts';

/**
 * Creates a handler that rejects every request. A path with GET allows HEAD, too.
 *
 * @throws ProblemError method_not_allowed, from the handler, with an `Allow` header
 */
export function methodNotAllowed(methods: readonly string[]): () => never {
  const allow = methods.flatMap((name) => (name === 'GET' ? ['GET', 'HEAD'] : [name])).join(', ');
  return () => {
    throw new ProblemError('method_not_allowed', {
      detail: `This path supports only ${allow}.`,
      headers: { Allow: allow },
    });
  };
}
