/** Validation errors of due dates that only the database can find, because it has the task that a patch is merged into. */
import { sqlState } from '../../database/errors.ts';
import type { RefusedValueError } from '../../database/user-database.ts';
import type { FieldError } from '../../problems/problem.ts';

const messages: Readonly<Record<string, readonly [pointer: string, message: string]>> = {
  tasks_due_kind: ['/due', 'must have a date, and a time if it has a time_zone'],
  tasks_due_at_range: ['/due', 'must be an instant before the year 10000'],
};

/** The error of a patch with an invalid result; undefined for any other constraint violation. */
export function dueFieldError({ code, constraint = '' }: RefusedValueError): FieldError | undefined {
  // This server knows the zone and the database does not: its tz database is older.
  if (code === sqlState.invalidParameterValue) return fieldError('/due/time_zone', 'is not known to the database');
  const known = messages[constraint];
  return known && fieldError(...known);
}

function fieldError(pointer: string, message: string): FieldError {
  return { in: 'body', pointer, message };
}
