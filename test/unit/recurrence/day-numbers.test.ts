/** Days as integers, compared with JavaScript's calendar. */
import { expect, test } from 'vitest';
import {
  addMonths,
  calendarDateOf,
  formatDay,
  lastDay,
  parseDay,
  weekdayOf,
} from '../../../src/tasks/recurrence/day-numbers.ts';

const dayMs = 86_400_000;

test('every day from 1900 to 9999 has the date and the weekday of the calendar', () => {
  const first = parseDay('1900-01-01');
  const start = Date.UTC(1900, 0, 1);
  const wrong: string[] = [];
  // 13 days reach every day of a month and every weekday in the 400 years of the calendar.
  for (let number = first; number <= lastDay; number += 13) {
    const date = new Date(start + (number - first) * dayMs);
    const text = date.toISOString().slice(0, 10);
    const isRight =
      formatDay(number) === text && parseDay(text) === number && weekdayOf(number) === (date.getUTCDay() + 6) % 7;
    if (!isRight) wrong.push(`${text}: ${formatDay(number)}`);
  }
  expect(wrong).toEqual([]);
  expect(formatDay(lastDay)).toBe('9999-12-31');
});

test('the first and the last day of each year are in it', () => {
  for (let year = 1900; year <= 9999; year += 1) {
    expect(calendarDateOf(parseDay(`${year}-01-01`))).toEqual({ year, month: 1, day: 1 });
    expect(calendarDateOf(parseDay(`${year}-12-31`))).toEqual({ year, month: 12, day: 31 });
  }
});

test.each([
  ['2026-01-31', 1, '2026-02-28'],
  ['2028-01-31', 1, '2028-02-29'],
  ['2026-12-15', 1, '2027-01-15'],
  ['2024-02-29', 12, '2025-02-28'],
  ['2024-02-29', 48, '2028-02-29'],
  ['2026-03-31', 1_000, '2109-07-31'],
])('%s and %i months are %s', (date, months, later) => {
  expect(formatDay(addMonths(parseDay(date), months))).toBe(later);
});
