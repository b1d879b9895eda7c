/** The answer to a method that a known path does not have (RFC 9110, section 15.5.6). */
import { ProblemError } from '../../problems/problem.ts';

/** A handler that refuses, naming the methods that would do; HEAD goes with GET. */
export function methodNotAllowed(methods: readonly string[]): () => never {
  const allow = methods.flatMap((name) => (name === 'GET' ? ['GET', 'HEAD'] : [name])).join(', ');
  return () => {
    throw new ProblemError('method_not_allowed', {
      detail: `This path answers ${allow} only.`,
      headers: { Allow: allow },
    });
  };
}
