/** The series of a stored task: its next days, and its rows that a write has read. */
import type { AllowedVersions } from '../../resource/preconditions.ts';
import { hasCalendar, localDateTimeAt } from '../due/calendar.ts';
import { type Recurrence, Series, upcomingDays } from './next-occurrence.ts';
import { parseRule } from './rule.ts';
import type { SeriesRow } from './statements.ts';

/** The recurring tasks of a write, as its last attempt has read them. The first attempt knows none. */
export class ReadSeries {
  /** The time zone of today for due dates without one. */
  readonly timeZone: string;
  #rows: ReadonlyMap<string, SeriesRow> = new Map();

  constructor(timeZone: string) {
    this.timeZone = timeZone;
  }

  /** Keeps the rows of an attempt that was stopped, for the next one. */
  keep(rows: readonly SeriesRow[]): void {
    this.#rows = new Map(rows.map((row) => [row.id, row]));
  }

  /** The task, if the write may change its version. */
  get(id: string, versions: AllowedVersions): SeriesRow | undefined {
    const row = this.#rows.get(id);
    return row && (versions === null || versions.includes(row.version)) ? row : undefined;
  }
}

/** The recurrence of a task; null if it has none. */
export function storedRecurrence(row: SeriesRow): Recurrence | null {
  const { recurrence_rule: rule, recurrence_from: from, recurrence_missed: missed } = row;
  return rule && from && missed ? { rule: parseRule(rule), from, missed } : null;
}

/** The day of the occurrence after a task that is completed now; null if the series ends with it. */
export function nextDay(row: SeriesRow, recurrence: Recurrence, timeZone: string): string | null {
  const [next = null] = nextDays(row, recurrence, { today: todayOf(row, timeZone), limit: 1 });
  return next;
}

/**
 * The day of the occurrence after a task that is skipped now. It is not before the due date, also if it counts from the day
 * of completion.
 */
export function dayAfterSkipped(row: SeriesRow, recurrence: Recurrence, timeZone: string): string | null {
  const [today, due] = [todayOf(row, timeZone), (row as DatedRow).due_date];
  const [next = null] = nextDays(row, recurrence, { today: due > today ? due : today, limit: 1 });
  return next;
}

/** The days after a task that is completed today, if each of the next occurrences is completed on its day. */
export function nextDays(
  row: SeriesRow,
  recurrence: Recurrence,
  { today, limit }: { today: string; limit: number },
): string[] {
  const { recurrence_anchor: anchor, recurrence_day: ruleDay, due_date: dueDay, due_time_zone: zone } = row as DatedRow;
  const days = upcomingDays(new Series(recurrence, anchor), { ruleDay, dueDay, today }, limit);
  // The instant of a later day could be in the year 10000.
  return zone ? days.filter((day) => day <= lastZonedDay) : days;
}

/** The last day on which every time in every zone is before the year 10000. */
const lastZonedDay = '9999-12-30';

/** The columns of a task with a recurrence. */
interface DatedRow extends SeriesRow {
  readonly recurrence_anchor: string;
  readonly recurrence_day: string;
  readonly due_date: string;
}

/** @param timeZone the time zone of today if the due date has none that this server knows */
export function todayOf({ due_time_zone: zone }: SeriesRow, timeZone: string): string {
  return localDateTimeAt(Date.now(), zone && hasCalendar(zone) ? zone : timeZone).date;
}
