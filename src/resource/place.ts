/** The place of a resource among its siblings, in the request of a move. */
import { z } from 'zod';
import { validationFailed } from '../problems/problem.ts';
import { resourceId } from './schemas.ts';

const sibling = resourceId.optional();

/** The fields of a place. A request has one of them. */
export const placeFields = {
  before: sibling.meta({ description: 'The place is directly before this sibling.' }),
  after: sibling.meta({ description: 'The place is directly after this sibling.' }),
  to: z
    .enum(['start', 'end'])
    .optional()
    .meta({ id: 'MoveTarget', description: 'The place is at the start or at the end of the siblings.' }),
};

export type Place = z.output<z.ZodObject<typeof placeFields>>;

/** Checks that a request has one place. */
export function requireOnePlace({ value: { before, after, to }, issues }: z.core.ParsePayload<Place>): void {
  const given = Object.entries({ before, after, to }).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  const [first, second] = given;
  const message = first === undefined ? 'is required without before and after' : `cannot be combined with ${first}`;
  if (given.length !== 1) issues.push({ code: 'custom', path: [second ?? 'to'], message, input: undefined });
}

/** A place as the parameters of SQL: `before`, `after`, `start` or `end`, and the sibling. */
export function placeParameters({ before, after, to }: Place): [place: string, sibling: string | null] {
  if (before !== undefined) return ['before', before];
  if (after !== undefined) return ['after', after];
  return [to ?? 'end', null];
}

/** The problem of a place beside a resource that is no sibling. */
export function unknownSibling({ before }: Place) {
  const pointer = before === undefined ? '/after' : '/before';
  return validationFailed([{ in: 'body', pointer, message: 'must be the id of a sibling' }]);
}
