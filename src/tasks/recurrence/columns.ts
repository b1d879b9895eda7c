/** The columns of a recurrence. */
import type { RecurrencePatch, StoredRecurrence } from './schemas.ts';

/** The columns of a recurrence that clients see. */
export interface RecurrenceColumns {
  readonly recurrence_rule?: string | null;
  readonly recurrence_from?: StoredRecurrence['from'] | null;
  readonly recurrence_missed?: StoredRecurrence['missed'] | null;
}

/** All columns of a recurrence. */
export interface SeriesColumns extends RecurrenceColumns {
  readonly recurrence_anchor?: string | null;
  readonly recurrence_day?: string | null;
}

/** The names of the columns of a recurrence. */
export const seriesColumns = Object.keys({
  recurrence_rule: true,
  recurrence_from: true,
  recurrence_missed: true,
  recurrence_anchor: true,
  recurrence_day: true,
} satisfies Record<keyof SeriesColumns, true>) as (keyof SeriesColumns)[];

/**
 * The columns that a recurrence or its patch sets; none if it is undefined. Without an anchor, the trigger `write_task`
 * keeps the anchor of an unchanged recurrence, and stops the write for another one.
 *
 * @param anchor the due day at which a complete recurrence is set
 */
export function recurrenceColumns(
  value: RecurrencePatch | null | undefined,
  anchor: string | null = null,
): SeriesColumns {
  if (value === undefined) return {};
  const days = { recurrence_anchor: anchor, recurrence_day: anchor };
  if (value === null) return { recurrence_rule: null, recurrence_from: null, recurrence_missed: null, ...days };
  const { rule, from, missed } = value;
  return {
    ...(rule !== undefined && { recurrence_rule: rule.text }),
    ...(from !== undefined && { recurrence_from: from }),
    ...(missed !== undefined && { recurrence_missed: missed }),
    ...days,
  };
}

export function recurrenceOf(columns: RecurrenceColumns): StoredRecurrence | null {
  const { recurrence_rule: rule, recurrence_from: from, recurrence_missed: missed } = columns;
  return rule && from && missed ? { rule, from, missed } : null;
}
