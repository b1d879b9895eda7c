/** Due dates that only the database could refuse: it alone knows the rest of what a patch is merged into. */
import { sqlState } from '../../database/errors.ts';
import type { RefusedValueError } from '../../database/user-database.ts';
import type { FieldError } from '../../problems/problem.ts';

const messages: Readonly<Record<string, readonly [pointer: string, message: string]>> = {
  tasks_due_kind: ['/due', 'must have a date, and a time where it has a time_zone'],
  tasks_due_at_range: ['/due', 'must be an instant before the year 10000'],
};

/** The fault of a patch that would leave an impossible due date; undefined for any other refusal. */
export function dueFieldError({ code, constraint = '' }: RefusedValueError): FieldError | undefined {
  // A zone that this server knows and the database does not: their tz databases differ in age.
  if (code === sqlState.invalidParameterValue) return fault('/due/time_zone', 'is not known to the database');
  const known = messages[constraint];
  return known && fault(...known);
}

function fault(pointer: string, message: string): FieldError {
  return { in: 'body', pointer, message };
}
