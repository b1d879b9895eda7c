/** The text of rules: the parts of RFC 5545 and RFC 7529, their canonical form, and errors that name the part. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseRule, RuleError } from '../../../src/tasks/recurrence/rule.ts';
import { randomRule, textOf } from './random-rules.ts';

test.each([
  ['FREQ=DAILY', 'FREQ=DAILY'],
  ['freq=weekly;byday=mo', 'FREQ=WEEKLY;BYDAY=MO'],
  ['INTERVAL=2;FREQ=DAILY', 'FREQ=DAILY;INTERVAL=2'],
  ['FREQ=DAILY;INTERVAL=1;WKST=MO', 'FREQ=DAILY'],
  ['FREQ=DAILY;INTERVAL=007', 'FREQ=DAILY;INTERVAL=7'],
  ['FREQ=WEEKLY;BYDAY=SU,FR,MO,FR', 'FREQ=WEEKLY;BYDAY=MO,FR,SU'],
  ['FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=SU', 'FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=SU'],
  ['FREQ=MONTHLY;BYDAY=-1FR,+2TU,MO', 'FREQ=MONTHLY;BYDAY=MO,2TU,-1FR'],
  ['FREQ=MONTHLY;BYMONTHDAY=-1,15,+1,-2,01', 'FREQ=MONTHLY;BYMONTHDAY=1,15,-2,-1'],
  ['FREQ=YEARLY;BYSETPOS=-1;BYDAY=MO,TU;BYMONTH=12,3', 'FREQ=YEARLY;BYMONTH=3,12;BYDAY=MO,TU;BYSETPOS=-1'],
  ['FREQ=DAILY;COUNT=10', 'FREQ=DAILY;COUNT=10'],
  ['FREQ=DAILY;UNTIL=20261231', 'FREQ=DAILY;UNTIL=20261231'],
  ['RSCALE=GREGORIAN;FREQ=MONTHLY', 'FREQ=MONTHLY'],
  ['RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=OMIT', 'FREQ=MONTHLY'],
  ['RSCALE=gregorian;FREQ=MONTHLY;SKIP=backward', 'FREQ=MONTHLY;RSCALE=GREGORIAN;SKIP=BACKWARD'],
])('%s is %s', (text, canonical) => {
  expect(parseRule(text).text).toBe(canonical);
  expect(parseRule(canonical).text).toBe(canonical);
});

test('the canonical form of a rule is a rule with the same parts', () => {
  fc.assert(
    fc.property(randomRule, (rule) => {
      const parsed = parseRule(textOf(rule));
      expect(parseRule(parsed.text)).toEqual(parsed);
    }),
    { numRuns: 500, seed: 7529 },
  );
});

test.each([
  ['', 'must consist of parts such as FREQ=WEEKLY;BYDAY=MO, without RRULE: in front of them'],
  ['RRULE:FREQ=DAILY', 'must consist of parts such as FREQ=WEEKLY;BYDAY=MO, without RRULE: in front of them'],
  ['every day', 'must consist of parts'],
  ['FREQ=DAILY;', 'must consist of parts'],
  ['FREQ=DAILY; INTERVAL=2', 'must consist of parts'],
  ['FREQ=DAILY\nCOUNT=2', 'must have FREQ as DAILY, WEEKLY, MONTHLY, YEARLY'],
  ['INTERVAL=2', 'must have FREQ'],
  ['FREQ=HOURLY', 'must have FREQ as DAILY, WEEKLY, MONTHLY, YEARLY'],
  ['FREQ=', 'must have FREQ as'],
  ['FREQ=DAILY;FREQ=DAILY', 'has FREQ twice; remove one of them'],
  ['FREQ=DAILY;BYHOUR=9', 'has parts that are not supported: BYHOUR; use only FREQ, INTERVAL, BYMONTH'],
  ['FREQ=YEARLY;BYWEEKNO=20;BYYEARDAY=1;X-A=1', 'has parts that are not supported: BYWEEKNO, BYYEARDAY, X-A; use only'],
  ['FREQ=DAILY;INTERVAL=0', 'must have INTERVAL as a whole number from 1 to 1,000'],
  ['FREQ=DAILY;INTERVAL=1001', 'must have INTERVAL as'],
  ['FREQ=DAILY;INTERVAL=-1', 'must have INTERVAL as'],
  ['FREQ=DAILY;INTERVAL=1.5', 'must have INTERVAL as'],
  ['FREQ=DAILY;COUNT=0', 'must have COUNT as a whole number from 1 to 1,000'],
  ['FREQ=DAILY;COUNT=99999999999999999999', 'must have COUNT as'],
  ['FREQ=DAILY;COUNT=2;UNTIL=20261231', 'must not have both COUNT and UNTIL'],
  ['FREQ=DAILY;UNTIL=20261231T000000Z', 'must have UNTIL as a date such as 20261231, without a time'],
  ['FREQ=DAILY;UNTIL=2026-12-31', 'must have UNTIL as'],
  ['FREQ=DAILY;UNTIL=20260230', 'must have UNTIL as'],
  ['FREQ=DAILY;UNTIL=18991231', 'must have UNTIL as'],
  ['FREQ=DAILY;BYMONTH=0', 'must have BYMONTH as numbers from 1 to 12, separated by commas'],
  ['FREQ=DAILY;BYMONTH=-1', 'must have BYMONTH as'],
  ['FREQ=DAILY;BYMONTH=1,,2', 'must have BYMONTH as'],
  ['FREQ=MONTHLY;BYMONTHDAY=32', 'must have BYMONTHDAY as numbers from 1 to 31, or -1 to -31, separated by commas'],
  ['FREQ=MONTHLY;BYMONTHDAY=0', 'must have BYMONTHDAY as'],
  ['FREQ=WEEKLY;BYMONTHDAY=1', 'must not have BYMONTHDAY with FREQ=WEEKLY'],
  ['FREQ=WEEKLY;BYDAY=MON', 'must have BYDAY as weekdays such as MO, 2TU or -1FR, separated by commas'],
  ['FREQ=MONTHLY;BYDAY=0MO', 'must have BYDAY as'],
  ['FREQ=YEARLY;BYDAY=54MO', 'must have BYDAY as'],
  ['FREQ=WEEKLY;BYDAY=1MO', 'must not have numbers in BYDAY with FREQ=WEEKLY'],
  ['FREQ=DAILY;BYDAY=-1MO', 'must not have numbers in BYDAY with FREQ=DAILY'],
  ['FREQ=MONTHLY;BYSETPOS=1', 'must have BYDAY, BYMONTHDAY or BYMONTH with BYSETPOS'],
  ['FREQ=MONTHLY;BYDAY=MO;BYSETPOS=367', 'must have BYSETPOS as numbers from 1 to 366, or -1 to -366'],
  ['FREQ=WEEKLY;WKST=XX', 'must have WKST as MO, TU, WE, TH, FR, SA, SU'],
  ['FREQ=MONTHLY;SKIP=BACKWARD', 'must have RSCALE=GREGORIAN with SKIP'],
  ['FREQ=MONTHLY;RSCALE=GREGORIAN;SKIP=NONE', 'must have SKIP as OMIT, BACKWARD, FORWARD'],
  ['FREQ=MONTHLY;RSCALE=HEBREW', 'must have RSCALE as GREGORIAN'],
  [
    'FREQ=MONTHLY;RSCALE=GREGORIAN;SKIP=FORWARD;BYMONTHDAY=-29',
    'must not have a BYMONTHDAY before -28 with SKIP=FORWARD',
  ],
  [`FREQ=DAILY;BYMONTHDAY=${'1,'.repeat(250)}1`, 'must have at most 500 characters'],
])('%j is an error', (text, message) => {
  expect(() => parseRule(text)).toThrow(RuleError);
  expect(() => parseRule(text)).toThrow(message);
});
