/** Calendar arithmetic: local dates and times in time zones. */
import { timeZoneNames } from './time-zones.ts';

/** A local date and time, without a zone: `2026-12-01` and `09:30:00`. */
export interface LocalDateTime {
  readonly date: string;
  readonly time: string;
}

const dayMs = 86_400_000;

/** One format per zone, because to create a format takes far longer than to use it. */
const formats = new Map<string, Intl.DateTimeFormat>();

/** Whether a name is a zone or a link of the tz database, in the same case. */
export function isTimeZone(name: string): boolean {
  return timeZoneNames.has(name);
}

/** Whether Node knows the rules of a zone: the tz database of its ICU can be older than the list of names. */
export function hasCalendar(timeZone: string): boolean {
  try {
    return formatOf(timeZone) !== undefined;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** Whether a text is a valid date from 1900-01-01 to 9999-12-31. */
export function isDate(text: string): boolean {
  if (!/^(19|[2-9]\d)\d\d-\d\d-\d\d$/.test(text)) return false;
  const instant = Date.parse(`${text}T00:00:00Z`);
  // Date.parse reads February 30 as March 2.
  return !Number.isNaN(instant) && new Date(instant).toISOString().startsWith(text);
}

/** The date `days` later, or earlier if the number is negative. */
export function addDays(date: string, days: number): string {
  const shifted = new Date(Date.parse(`${date}T00:00:00Z`) + days * dayMs).toISOString();
  return shifted.slice(0, shifted.indexOf('T'));
}

/** @param instant in milliseconds since 1970 */
export function localDateTimeAt(instant: number, timeZone: string): LocalDateTime {
  const parts = Object.fromEntries(
    formatOf(timeZone)
      .formatToParts(instant)
      .map(({ type, value }) => [type, value]),
  );
  const year = (parts.year ?? '').padStart(4, '0');
  return {
    date: `${year}-${parts.month}-${parts.day}`,
    time: `${parts.hour}:${parts.minute}:${parts.second}`,
  };
}

/**
 * The first instant of a day in a zone, in milliseconds since 1970: midnight, or the end of the gap if a clock change
 * skips midnight or the whole day.
 */
export function startOfDay(date: string, timeZone: string): number {
  const midnightUtc = Date.parse(`${date}T00:00:00Z`);
  // No zone differs from UTC by more than a day, so the day begins between these instants.
  let before = midnightUtc - dayMs;
  let within = midnightUtc + dayMs;
  const guess = midnightUtc - (localTime(before, timeZone) - before);
  // The offset of the previous day is nearly always valid at midnight: two checks instead of a search.
  if (localDate(guess, timeZone) >= date && localDate(guess - 1000, timeZone) < date) return guess;
  while (within - before > 1000) {
    const middle = before + Math.floor((within - before) / 2000) * 1000;
    if (localDate(middle, timeZone) >= date) within = middle;
    else before = middle;
  }
  return within;
}

function localDate(instant: number, timeZone: string): string {
  return localDateTimeAt(instant, timeZone).date;
}

/** The local time at an instant, as if it were UTC, in milliseconds since 1970. */
function localTime(instant: number, timeZone: string): number {
  const { date, time } = localDateTimeAt(instant, timeZone);
  return Date.parse(`${date}T${time}Z`);
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  let format = formats.get(timeZone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      calendar: 'iso8601',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    });
    formats.set(timeZone, format);
  }
  return format;
}
