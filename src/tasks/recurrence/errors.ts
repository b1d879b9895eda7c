/** Validation errors of recurrences that only the database can find, because it has the task that a patch is merged into. */
import type { RefusedValueError } from '../../database/user-database.ts';
import type { FieldError } from '../../problems/problem.ts';

/** The error of a recurrence without a due date. */
export const dueRequired: FieldError = { in: 'body', pointer: '/due', message: 'is required with a recurrence' };

const errors: Readonly<Record<string, FieldError>> = {
  tasks_recurrence_due: dueRequired,
  tasks_recurrence_rule: { in: 'body', pointer: '/recurrence/rule', message: 'is required' },
};

/** The error of a patch with an invalid result; undefined for any other constraint violation. */
export function recurrenceFieldError({ constraint = '' }: RefusedValueError): FieldError | undefined {
  return errors[constraint];
}
