/** Days and local times in time zones, at every change of offset in every zone. */
import { beforeAll, expect, test } from 'vitest';
import { isTimeZone, localDateTimeAt, startOfDay } from '../../src/tasks/due/calendar.ts';
import { dayStart, offsetAt, type ZoneCalendar, zoneCalendars } from '../support/zone-calendar.ts';

const [second, day] = [1000, 86_400_000];

/** Grouped by their transitions, so that links of a zone are tested once. */
let calendars: ReadonlyMap<ZoneCalendar, string>;

beforeAll(() => {
  calendars = new Map(Array.from(zoneCalendars(), ([name, calendar]) => [calendar, name]));
});

const text = (instant: number) => new Date(instant).toISOString();
const dateOf = (midnight: number) => text(midnight).slice(0, 10);

test('a local time has the old offset before a change and the new one from it on', () => {
  const wrong: string[] = [];
  for (const [{ transitions }, zone] of calendars) {
    for (const { at, before, after } of transitions) {
      for (const [instant, offset] of [
        [at - second, before],
        [at, after],
      ] as const) {
        const { date, time } = localDateTimeAt(instant, zone);
        if (`${date}T${time}.000Z` !== text(instant + offset))
          wrong.push(`${zone} at ${text(instant)}: ${date} ${time}`);
      }
    }
  }
  expect(wrong).toEqual([]);
});

test('a day starts at midnight or at the end of a gap, around every change of offset', () => {
  const wrong: string[] = [];
  for (const [calendar, zone] of calendars) {
    for (const { at } of calendar.transitions) {
      const midnight = Math.floor((at + offsetAt(calendar, at)) / day) * day;
      for (const start of [midnight - day, midnight, midnight + day]) {
        const found = startOfDay(dateOf(start), zone);
        if (found !== dayStart(calendar, start)) wrong.push(`${zone} on ${dateOf(start)}: ${text(found)}`);
      }
    }
  }
  expect(wrong).toEqual([]);
});

test('every name is a zone, and other spellings are not', () => {
  expect(isTimeZone('CET')).toBe(true);
  for (const name of ['cet', 'Cet', 'europe/rome', 'CEST', 'PST', 'localtime', 'posixrules', 'Factory', '+01:00', '']) {
    expect(isTimeZone(name), name).toBe(false);
  }
});
