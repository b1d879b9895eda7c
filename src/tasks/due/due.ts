/** Due dates: a day, a local time in any time zone, or an instant. */
import { z } from 'zod';
import { objectSuchAs } from '../../resource/schemas.ts';
import { hasCalendar, isDate, isTimeZone } from './calendar.ts';

export const calendarDate = z
  .string()
  .refine(isDate, 'must be a date such as 2026-12-01, from 1900-01-01 to 9999-12-31')
  .meta({ format: 'date', example: '2026-12-01' });

export const timeZone = z
  .string()
  .refine(isTimeZone, 'must be the name of a time zone in the tz database, such as Europe/Rome')
  .meta({ example: 'Europe/Rome' });

/** A time zone in which this server can compute days. */
export const supportedTimeZone = timeZone.refine(isUnknownOrSupported, 'is not known to this server');

/** Unknown names pass, because the schema of time zones has already rejected them. */
function isUnknownOrSupported(zone: string): boolean {
  return !isTimeZone(zone) || hasCalendar(zone);
}

const localTime = z
  .string()
  .refine((value) => /^([01]\d|2[0-3]):[0-5]\d$/.test(value), 'must be a time such as 09:30, from 00:00 to 23:59')
  .meta({ pattern: '^([01]\\d|2[0-3]):[0-5]\\d$', example: '09:30' });

const description =
  'A day (`date`), a local time in any time zone (`date`, `time`), or an instant (`date`, `time`, `time_zone`).';

const withExample = objectSuchAs({ date: '2026-12-01' });

/** Keys without a value are absent. */
const dueDate = z
  .strictObject({ date: calendarDate, time: localTime.optional(), time_zone: timeZone.optional() }, withExample)
  .refine((value) => value.time_zone === undefined || value.time !== undefined, {
    path: ['time'],
    error: 'is required with a time_zone',
  });

const examples = [
  { date: '2026-12-01' },
  { date: '2026-12-01', time: '09:30' },
  { date: '2026-12-01', time: '09:30', time_zone: 'Europe/Rome' },
];

/** A due date in a response. */
export const due = dueDate.meta({ id: 'Due', description, examples });

/** A due date in a request. Unknown keys are errors. */
export const dueInput = dueDate.meta({ id: 'DueInput', description, examples });

export type Due = z.output<typeof due>;

/** A JSON Merge Patch of a due date. The database checks the result, because it has the other keys. */
export const duePatch = z
  .strictObject({ date: calendarDate, time: localTime.nullable(), time_zone: timeZone.nullable() }, withExample)
  .partial()
  .meta({
    id: 'DuePatch',
    description: `${description} Absent keys keep their values; null clears a key. The result must have a date.`,
  });

export type DuePatch = z.output<typeof duePatch>;

/** The columns of a due date. */
export interface DueColumns {
  readonly due_date?: string | null;
  readonly due_time?: string | null;
  readonly due_time_zone?: string | null;
}

/** The columns that a due date or its patch sets; none if it is undefined. */
export function dueColumns(value: DuePatch | null | undefined): DueColumns {
  if (value === undefined) return {};
  if (value === null) return { due_date: null, due_time: null, due_time_zone: null };
  const { date, time, time_zone } = value;
  return {
    ...(date !== undefined && { due_date: date }),
    ...(time !== undefined && { due_time: time }),
    ...(time_zone !== undefined && { due_time_zone: time_zone }),
  };
}

export function dueOf({ due_date, due_time, due_time_zone }: DueColumns): Due | null {
  if (!due_date) return null;
  return {
    date: due_date,
    // PostgreSQL also returns the seconds.
    ...(due_time && { time: due_time.slice(0, 5) }),
    ...(due_time_zone && { time_zone: due_time_zone }),
  };
}
