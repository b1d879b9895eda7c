/** The days of a rule, found by arithmetic on integers in a bounded number of steps. */
import { lastDay } from './day-numbers.ts';
import { type Periods, periodsOf } from './periods.ts';
import type { Rule } from './rule.ts';

/** A rule without a day for so many years has no further day. This bounds the search. */
export const maxGapYears = 100;
const maxGap = 365.2425 * maxGapYears;

/** The days of a rule that begins at an anchor. The anchor is its first day, whatever the rule is, and counts for COUNT. */
export class RuleDays {
  readonly #anchor: number;
  readonly #periods: Periods;
  readonly #firstPeriod: number;
  readonly #last: number;
  /** The period whose days were computed last: the next search mostly begins with it. */
  #known: { readonly period: number; readonly days: readonly number[] } | undefined;

  /** @param anchor as a day number */
  constructor(rule: Rule, anchor: number) {
    this.#anchor = anchor;
    this.#periods = periodsOf(rule, anchor);
    this.#firstPeriod = this.#periods.of(anchor);
    this.#last = Math.min(rule.until ?? lastDay, lastDay);
    if (rule.count !== null) this.#last = this.#dayOfCount(rule.count);
  }

  /** The first day after a day, and not after the last one; null if there is none. */
  after(day: number, last = lastDay): number | null {
    const start = Math.max(day, this.#anchor);
    const end = Math.min(this.#last, start + maxGap, last);
    const { step, of, startOf } = this.#periods;
    const passed = Math.floor((of(start) - this.#firstPeriod) / step);
    for (let period = this.#firstPeriod + passed * step; startOf(period) <= end; period += step) {
      const found = this.#daysIn(period).find((each) => each > start);
      if (found !== undefined) return found <= end ? found : null;
    }
    return null;
  }

  #dayOfCount(count: number): number {
    let day = this.#anchor;
    for (let counted = 1; counted < count; counted += 1) {
      const next = this.after(day);
      if (next === null) break;
      day = next;
    }
    return day;
  }

  #daysIn(period: number): readonly number[] {
    if (this.#known?.period !== period) {
      this.#known = { period, days: this.#periods.daysIn(period) };
    }
    return this.#known.days;
  }
}
