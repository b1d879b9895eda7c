/** The next occurrence: missed days, moved days, completion on another day, and the end of the series. */
import { describe, expect, test } from 'vitest';
import { type Recurrence, Series } from '../../../src/tasks/recurrence/next-occurrence.ts';
import { parseRule } from '../../../src/tasks/recurrence/rule.ts';

function series(rule: string, anchor: string, options: Partial<Recurrence> = {}): Series {
  return new Series({ rule: parseRule(rule), from: 'Due', missed: 'Skip', ...options }, anchor);
}

const mondays = 'FREQ=WEEKLY;BYDAY=MO';

describe('with missed: Skip', () => {
  const weekly = series(mondays, '2026-12-07');

  test.each([
    ['on its day', { ruleDay: '2026-12-07', dueDay: '2026-12-07', today: '2026-12-07' }, '2026-12-14'],
    ['early', { ruleDay: '2026-12-07', dueDay: '2026-12-07', today: '2026-12-01' }, '2026-12-14'],
    ['late, before the next day', { ruleDay: '2026-12-07', dueDay: '2026-12-07', today: '2026-12-13' }, '2026-12-14'],
    [
      'late, on a later day of the rule',
      { ruleDay: '2026-12-07', dueDay: '2026-12-07', today: '2026-12-21' },
      '2026-12-28',
    ],
    ['moved to a later day', { ruleDay: '2026-12-07', dueDay: '2026-12-10', today: '2026-12-10' }, '2026-12-14'],
    [
      'moved to the next day of the rule',
      { ruleDay: '2026-12-07', dueDay: '2026-12-14', today: '2026-12-14' },
      '2026-12-21',
    ],
    [
      'moved to a later day, before it',
      { ruleDay: '2026-12-07', dueDay: '2026-12-15', today: '2026-12-08' },
      '2026-12-21',
    ],
    ['moved to an earlier day', { ruleDay: '2026-12-07', dueDay: '2026-12-03', today: '2026-12-03' }, '2026-12-14'],
  ])('completed %s', (_how, occurrence, next) => {
    expect(weekly.nextOccurrence(occurrence)).toBe(next);
  });
});

describe('with missed: Each', () => {
  const weekly = series(mondays, '2026-12-07', { missed: 'Each' });

  test.each([
    ['on its day', { ruleDay: '2026-12-07', dueDay: '2026-12-07', today: '2026-12-07' }, '2026-12-14'],
    ['weeks late', { ruleDay: '2026-12-07', dueDay: '2026-12-07', today: '2027-01-15' }, '2026-12-14'],
    ['moved to a later day', { ruleDay: '2026-12-07', dueDay: '2026-12-15', today: '2027-01-15' }, '2026-12-21'],
    ['moved to an earlier day', { ruleDay: '2026-12-07', dueDay: '2026-12-03', today: '2026-12-03' }, '2026-12-14'],
  ])('completed %s', (_how, occurrence, next) => {
    expect(weekly.nextOccurrence(occurrence)).toBe(next);
  });
});

test('every second week stays every second week of the anchor, whatever was missed or moved', () => {
  for (const missed of ['Skip', 'Each'] as const) {
    const fortnightly = series('FREQ=WEEKLY;INTERVAL=2', '2026-12-07', { missed });
    const moved = { ruleDay: '2026-12-07', dueDay: '2026-12-14', today: '2026-12-14' };
    expect(fortnightly.nextOccurrence(moved)).toBe('2026-12-21');
  }
  const late = { ruleDay: '2026-12-07', dueDay: '2026-12-07', today: '2026-12-22' };
  expect(series('FREQ=WEEKLY;INTERVAL=2', '2026-12-07').nextOccurrence(late)).toBe('2027-01-04');
});

describe('from: Completion', () => {
  test.each([
    ['FREQ=DAILY', '2026-12-10', '2026-12-11'],
    ['FREQ=DAILY;INTERVAL=10', '2026-12-10', '2026-12-20'],
    ['FREQ=WEEKLY;INTERVAL=2', '2026-12-10', '2026-12-24'],
    ['FREQ=MONTHLY', '2026-12-10', '2027-01-10'],
    // The month that follows is shorter.
    ['FREQ=MONTHLY', '2027-01-31', '2027-02-28'],
    ['FREQ=MONTHLY;INTERVAL=13', '2027-01-31', '2028-02-29'],
    ['FREQ=YEARLY', '2028-02-29', '2029-02-28'],
    ['FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR', '2026-12-11', '2026-12-14'],
    ['FREQ=WEEKLY;BYDAY=TU,FR', '2026-12-11', '2026-12-15'],
    ['FREQ=MONTHLY;BYDAY=1MO', '2026-12-11', '2027-01-04'],
  ])('%s, completed on %s', (rule, today, next) => {
    const recurring = series(rule, '2026-11-30', { from: 'Completion' });
    for (const ruleDay of ['2026-11-30', '2027-06-01']) {
      expect(recurring.nextOccurrence({ ruleDay, dueDay: ruleDay, today })).toBe(next);
    }
  });
});

describe('the end of a series', () => {
  test('is after the last day of the rule, which can have passed', () => {
    const thrice = series('FREQ=DAILY;COUNT=3', '2026-12-01');
    const at = (day: string, today = day) => ({ ruleDay: day, dueDay: day, today });
    expect(thrice.nextOccurrence(at('2026-12-02'))).toBe('2026-12-03');
    expect(thrice.nextOccurrence(at('2026-12-03'))).toBeNull();
    expect(thrice.nextOccurrence(at('2026-12-01', '2026-12-03'))).toBeNull();
    const each = series('FREQ=DAILY;COUNT=3', '2026-12-01', { missed: 'Each' });
    expect(each.nextOccurrence(at('2026-12-01', '2027-12-03'))).toBe('2026-12-02');
  });

  test('is at the end of the calendar', () => {
    const last = { ruleDay: '9999-12-31', dueDay: '9999-12-31', today: '9999-12-31' };
    expect(series('FREQ=DAILY', '9999-12-30').nextOccurrence(last)).toBeNull();
    expect(series('FREQ=DAILY', '9999-12-30', { from: 'Completion' }).nextOccurrence(last)).toBeNull();
  });
});
