/** The place of a resource among its siblings, in the request of a move. */
import { z } from 'zod';
import { validationFailed } from '../problems/problem.ts';
import { resourceId } from './schemas.ts';

/** The fields of a place. A request has one of them. */
export const placeFields = {
  before: resourceId.optional().meta({ description: 'The id of the sibling to move in front of.' }),
  after: resourceId.optional().meta({ description: 'The id of the sibling to move behind.' }),
  to: z.enum(['start', 'end']).optional().meta({ description: 'In front of all siblings, or behind them.' }),
};

export type Place = z.output<z.ZodObject<typeof placeFields>>;

/** Checks that a request has one place. */
export function requireOnePlace({ value, issues }: z.core.ParsePayload<Place>): void {
  const { before, after, to } = value;
  if ([before, after, to].filter((field) => field !== undefined).length === 1) return;
  issues.push({ code: 'custom', message: 'must have one of the fields before, after and to', input: value });
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
