/**
 * Time zones by the tz database of Node's ICU: when their offsets change, and which instant a local time is (RFC 5545,
 * section 3.3.5). Local times are milliseconds as if they were UTC.
 */
import { hasCalendar } from '../../src/tasks/due/calendar.ts';
import { timeZoneNames } from '../../src/tasks/due/time-zones.ts';

/** A change of a zone's offset from UTC. Instants are milliseconds since 1970, offsets milliseconds east of UTC. */
export interface Transition {
  readonly at: number;
  readonly before: number;
  readonly after: number;
}

/** A zone between two instants: its first offset, and every change of it. */
export interface ZoneCalendar {
  readonly first: number;
  readonly transitions: readonly Transition[];
}

const [minute, day] = [60_000, 86_400_000];

export const calendarStart = Date.UTC(1970, 0, 1);
export const calendarEnd = Date.UTC(2038, 0, 1);

/** Shorter than the shortest time between two changes since 1970: seven days, in 2000 in America/Boa_Vista. */
const step = 5 * day;

/** The calendar of each name in `timeZoneNames` that this Node knows, from 1970 to 2037. */
export function zoneCalendars(): ReadonlyMap<string, ZoneCalendar> {
  const calendars = new Map<string, ZoneCalendar>();
  const byTarget = new Map<string, ZoneCalendar>();
  for (const name of [...timeZoneNames].filter(hasCalendar)) {
    const format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    });
    // ICU resolves links to their zone.
    const target = format.resolvedOptions().timeZone;
    const calendar =
      byTarget.get(target) ?? calendarOf((instant) => offsetBy(format, instant), calendarStart, calendarEnd);
    byTarget.set(target, calendar);
    calendars.set(name, calendar);
  }
  return calendars;
}

/** Finds each change of an offset by bisection. */
function calendarOf(offsetAt: (instant: number) => number, start: number, end: number): ZoneCalendar {
  const transitions: Transition[] = [];
  const first = offsetAt(start);
  let before = first;
  for (let instant = start; instant < end; instant += step) {
    const after = offsetAt(instant + step);
    if (after === before) continue;
    let [low, high] = [instant, instant + step];
    while (high - low > 1000) {
      const middle = low + Math.floor((high - low) / 2000) * 1000;
      if (offsetAt(middle) === before) low = middle;
      else high = middle;
    }
    transitions.push({ at: high, before, after });
    before = after;
  }
  return { first, transitions };
}

function offsetBy(format: Intl.DateTimeFormat, instant: number): number {
  // 06/21/2026, 12:00:00
  const shown = format.format(instant);
  const part = (start: number, end: number) => Number(shown.slice(start, end));
  return Date.UTC(part(6, 10), part(0, 2) - 1, part(3, 5), part(12, 14), part(15, 17), part(18, 20)) - instant;
}

export function offsetAt({ first, transitions }: ZoneCalendar, instant: number): number {
  return transitions.findLast(({ at }) => at <= instant)?.after ?? first;
}

/**
 * The instant of a local time. Until the clock shows the later of its two readings at a change, the offset before the
 * change counts: ahead of it, in the gap, and in the first of two equal hours.
 */
export function instantOf({ first, transitions }: ZoneCalendar, local: number): number {
  const next = transitions.find(({ at, before, after }) => local < at + Math.max(before, after));
  return local - (next?.before ?? transitions.at(-1)?.after ?? first);
}

/** Local times around a change: ahead of its gap or of its equal hours, at their start, in the middle, at their end, after. */
export function localTimesAround({ at, before, after }: Transition): number[] {
  const wholeMinute = (instant: number) => Math.ceil(instant / minute) * minute;
  const start = wholeMinute(at + Math.min(before, after));
  const end = wholeMinute(at + Math.max(before, after));
  return [start - minute, start, wholeMinute((start + end) / 2), end - minute, end];
}

/** Local times around all changes, and noon of every June 21 and December 21. */
export function localTimes({ transitions }: ZoneCalendar): number[] {
  const solstices = Array.from({ length: 2 * (2038 - 1970) }, (_, half) =>
    Date.UTC(1970 + Math.floor(half / 2), half % 2 ? 11 : 5, 21, 12),
  );
  return [...transitions.flatMap(localTimesAround), ...solstices];
}

/** The first instant of a day: the first at which the clock shows that day or a later one. */
export function dayStart({ first, transitions }: ZoneCalendar, midnight: number): number {
  let [start, offset] = [-Infinity, first];
  for (const { at, after } of transitions) {
    const instant = Math.max(start, midnight - offset);
    if (instant < at) return instant;
    [start, offset] = [at, after];
  }
  return Math.max(start, midnight - offset);
}
