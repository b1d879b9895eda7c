/** The days of rules: month ends, leap days, weekdays, weeks, ends, and the limits of the search. */
import { expect, test } from 'vitest';
import { formatDay, parseDay } from '../../../src/tasks/recurrence/day-numbers.ts';
import { parseRule } from '../../../src/tasks/recurrence/rule.ts';
import { RuleDays } from '../../../src/tasks/recurrence/rule-days.ts';

/** The first days after the anchor. */
function daysOf(rule: string, anchor: string, max: number): string[] {
  const days = new RuleDays(parseRule(rule), parseDay(anchor));
  const found: string[] = [];
  for (let day = days.after(parseDay(anchor)); day !== null && found.length < max; day = days.after(day)) {
    found.push(formatDay(day));
  }
  return found;
}

test.each([
  ['FREQ=DAILY;INTERVAL=3', '2026-12-30', ['2027-01-02', '2027-01-05']],
  ['FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR', '2026-12-03', ['2026-12-04', '2026-12-07']],
  ['FREQ=DAILY;INTERVAL=2;BYMONTH=1', '2026-12-30', ['2027-01-01', '2027-01-03']],
  ['FREQ=DAILY;BYMONTHDAY=31,-1', '2026-01-31', ['2026-02-28', '2026-03-31', '2026-04-30']],
  ['FREQ=DAILY;BYMONTHDAY=15;BYSETPOS=-1', '2026-12-01', ['2026-12-15', '2027-01-15']],
  ['FREQ=WEEKLY', '2026-12-01', ['2026-12-08', '2026-12-15']],
  ['FREQ=WEEKLY;BYDAY=SU,MO', '2026-12-01', ['2026-12-06', '2026-12-07', '2026-12-13']],
  ['FREQ=WEEKLY;BYMONTH=1;BYDAY=FR', '2026-12-01', ['2027-01-01', '2027-01-08']],
  ['FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=-1', '2026-12-01', ['2026-12-04', '2026-12-11']],
  // The examples of WKST in RFC 5545.
  ['FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO', '1997-08-05', ['1997-08-10', '1997-08-19', '1997-08-24']],
  ['FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU', '1997-08-05', ['1997-08-17', '1997-08-19', '1997-08-31']],
  ['FREQ=MONTHLY', '2026-01-31', ['2026-03-31', '2026-05-31']],
  ['FREQ=MONTHLY;RSCALE=GREGORIAN;SKIP=BACKWARD', '2026-01-31', ['2026-02-28', '2026-03-31', '2026-04-30']],
  ['FREQ=MONTHLY;RSCALE=GREGORIAN;SKIP=FORWARD', '2026-01-31', ['2026-03-01', '2026-03-31', '2026-05-01']],
  [
    'FREQ=MONTHLY;BYMONTHDAY=1,31;RSCALE=GREGORIAN;SKIP=FORWARD',
    '2026-04-01',
    ['2026-05-01', '2026-05-31', '2026-06-01', '2026-07-01'],
  ],
  // March 1 is one day of the set, although February has it, too.
  ['FREQ=YEARLY;BYMONTHDAY=1,31;BYSETPOS=5;RSCALE=GREGORIAN;SKIP=FORWARD', '2026-01-01', ['2026-03-31', '2027-03-31']],
  ['FREQ=MONTHLY;BYMONTHDAY=-1', '2026-01-31', ['2026-02-28', '2026-03-31']],
  ['FREQ=MONTHLY;BYDAY=2TU', '2026-12-08', ['2027-01-12', '2027-02-09']],
  ['FREQ=MONTHLY;BYDAY=-1FR', '2026-12-25', ['2027-01-29', '2027-02-26']],
  ['FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13', '2026-12-01', ['2027-08-13', '2028-10-13']],
  ['FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1', '2026-12-31', ['2027-01-29', '2027-02-26']],
  ['FREQ=YEARLY', '2024-02-29', ['2028-02-29', '2032-02-29']],
  ['FREQ=YEARLY', '2096-02-29', ['2104-02-29', '2108-02-29']],
  ['FREQ=YEARLY;RSCALE=GREGORIAN;SKIP=BACKWARD', '2024-02-29', ['2025-02-28', '2026-02-28']],
  ['FREQ=YEARLY;RSCALE=GREGORIAN;SKIP=FORWARD', '2024-02-29', ['2025-03-01', '2026-03-01']],
  ['FREQ=YEARLY;BYMONTH=3,9', '2026-03-31', ['2027-03-31', '2028-03-31']],
  ['FREQ=YEARLY;BYMONTHDAY=31', '2026-12-31', ['2027-01-31', '2027-03-31']],
  ['FREQ=YEARLY;BYMONTH=11;BYDAY=4TH', '2026-11-26', ['2027-11-25', '2028-11-23']],
  ['FREQ=YEARLY;BYDAY=20MO', '1997-05-19', ['1998-05-18', '1999-05-17']],
  ['FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8', '1996-11-05', ['2000-11-07', '2004-11-02']],
  ['FREQ=YEARLY;BYDAY=MO;BYSETPOS=1,-1', '2026-01-05', ['2026-12-28', '2027-01-04', '2027-12-27']],
])('%s from %s', (rule, anchor, days) => {
  expect(daysOf(rule, anchor, days.length)).toEqual(days);
});

test('the anchor is the first day of COUNT, also if the rule does not have it', () => {
  expect(daysOf('FREQ=DAILY;COUNT=1', '2026-12-01', 5)).toEqual([]);
  expect(daysOf('FREQ=DAILY;COUNT=3', '2026-12-01', 5)).toEqual(['2026-12-02', '2026-12-03']);
  expect(daysOf('FREQ=WEEKLY;BYDAY=MO;COUNT=3', '2026-12-01', 5)).toEqual(['2026-12-07', '2026-12-14']);
});

test('UNTIL is the last day', () => {
  expect(daysOf('FREQ=DAILY;INTERVAL=2;UNTIL=20261205', '2026-12-01', 5)).toEqual(['2026-12-03', '2026-12-05']);
  expect(daysOf('FREQ=DAILY;INTERVAL=2;UNTIL=20261204', '2026-12-01', 5)).toEqual(['2026-12-03']);
  expect(daysOf('FREQ=DAILY;UNTIL=20261201', '2026-12-01', 5)).toEqual([]);
});

test('the last day is 9999-12-31', () => {
  expect(daysOf('FREQ=DAILY', '9999-12-29', 5)).toEqual(['9999-12-30', '9999-12-31']);
  expect(daysOf('FREQ=MONTHLY;BYMONTHDAY=30;RSCALE=GREGORIAN;SKIP=FORWARD', '9999-12-30', 5)).toEqual([]);
});

test('a rule without a day for 100 years has no further day', () => {
  const leapMondays = 'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO';
  expect(daysOf(leapMondays, '2072-02-29', 1)).toEqual(['2112-02-29']);
  expect(daysOf('FREQ=YEARLY;INTERVAL=100', '2026-12-01', 1)).toEqual(['2126-12-01']);
  expect(daysOf('FREQ=YEARLY;INTERVAL=101', '2026-12-01', 1)).toEqual([]);
  for (const never of [
    'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30',
    'FREQ=DAILY;INTERVAL=7;BYDAY=MO',
    'FREQ=WEEKLY;BYDAY=MO;BYSETPOS=2',
  ]) {
    expect(daysOf(never, '2026-12-01', 1), never).toEqual([]);
  }
});

test('the days after a day before the anchor are those after the anchor', () => {
  const days = new RuleDays(parseRule('FREQ=WEEKLY'), parseDay('2026-12-01'));
  expect(days.after(parseDay('2000-01-01'))).toBe(parseDay('2026-12-08'));
});
