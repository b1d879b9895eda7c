/** Random rules: the days of the server are those of an evaluation day by day, and of a library. */
import fc from 'fast-check';
import { RRuleTemporal } from 'rrule-temporal';
import { expect, test } from 'vitest';
import { formatDay, parseDay } from '../../../src/tasks/recurrence/day-numbers.ts';
import { parseRule } from '../../../src/tasks/recurrence/rule.ts';
import { RuleDays } from '../../../src/tasks/recurrence/rule-days.ts';
import { daysOf, shifted } from './day-by-day.ts';
import { comparedYears, type RandomCase, type RandomRule, randomCase, textOf } from './random-rules.ts';

/** Days that are compared after the anchor, and after each later day. */
const [afterAnchor, afterProbe] = [25, 2];

const timeout = 600_000;

interface Samples {
  /** The same ones in each run. */
  readonly few: number;
  /** Others in each run, with `SAMPLES=many`. fast-check prints the seed of a failure. */
  readonly many: number;
}

function compare(cases: fc.Arbitrary<RandomCase>, { few, many }: Samples, check: (random: RandomCase) => void): void {
  const isLong = process.env.SAMPLES === 'many';
  fc.assert(fc.property(cases, check), isLong ? { numRuns: many } : { numRuns: few, seed: 5545 });
}

function serverDays(days: RuleDays, after: string, last: string, max: number): string[] {
  const found: string[] = [];
  let day = days.after(parseDay(after));
  while (day !== null && found.length < max) {
    const date = formatDay(day);
    if (date > last) break;
    found.push(date);
    day = days.after(day);
  }
  return found;
}

const endOf = (anchor: string) => shifted(anchor, 365 * comparedYears);

test('they are the days of an evaluation day by day', { timeout }, () => {
  compare(randomCase, { few: 500, many: 100_000 }, ({ rule, anchor, probes }) => {
    const days = new RuleDays(parseRule(textOf(rule)), parseDay(anchor));
    const last = endOf(anchor);
    const first = daysOf(rule, anchor, anchor, last, afterAnchor);
    expect(serverDays(days, anchor, last, afterAnchor)).toEqual(first);
    for (const probe of probes) {
      const after = shifted(anchor, probe);
      // These can be all days. To find them again would take most of the time.
      const next =
        first.length < afterAnchor
          ? first.filter((day) => day > after).slice(0, afterProbe)
          : daysOf(rule, anchor, after, last, afterProbe);
      expect(serverDays(days, after, last, afterProbe), `after ${after}`).toEqual(next);
    }
  });
});

test('they are the days of rrule-temporal', { timeout }, () => {
  compare(randomCase.filter(isSupported), { few: 60, many: 2_000 }, ({ rule, anchor }) => {
    const days = new RuleDays(parseRule(textOf(rule)), parseDay(anchor));
    const own = serverDays(days, anchor, endOf(anchor), afterAnchor);
    expect(libraryDays(rule, anchor, own.length)).toEqual(own);
  });
});

/** Version 2.2.8 evaluates other rules differently from the RFCs (docs/decisions/024-own-recurrence-engine.md). */
function isSupported({ rule: { FREQ, BYMONTH, BYMONTHDAY, BYDAY, SKIP } }: RandomCase): boolean {
  const numbered = BYDAY.filter(({ number }) => number !== 0).length;
  const isMixed = numbered > 0 && numbered < BYDAY.length;
  // In a year with 52 of these days, it takes the first or the last one, or a day of the next year.
  if (BYDAY.some(({ number }) => Math.abs(number) > 52)) return false;
  if (BYMONTHDAY.length === 0) return !isMixed;
  return !isMixed && SKIP === 'OMIT' && !(FREQ === 'YEARLY' && BYMONTH.length === 0 && numbered > 0);
}

/** As many days after the anchor. The library counts the anchor for COUNT only if the rule has it. */
function libraryDays(rule: RandomRule, anchor: string, count: number): string[] {
  const found: string[] = [];
  // The library would search for a first day.
  if (count === 0) return found;
  const start = `DTSTART;VALUE=DATE:${anchor.replaceAll('-', '')}`;
  const text = textOf({ ...rule, COUNT: null });
  new RRuleTemporal({ rruleString: `${start}\nRRULE:${text}`, maxIterations: 100_000 }).all((day) => {
    const date = day.toPlainDate().toString();
    if (date > anchor) found.push(date);
    return found.length < count;
  });
  return found;
}
