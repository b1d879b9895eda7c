/** The next occurrence of a recurring task. */
import { addMonths, formatDay, lastDay, parseDay } from './day-numbers.ts';
import type { Rule } from './rule.ts';
import { RuleDays } from './rule-days.ts';

/** What the next day is counted from: the rule's own days, or the day of completion. */
export const origins = ['Due', 'Completion'] as const;

/** Whether the days that have passed are skipped, or each of them becomes an occurrence. */
export const missedDays = ['Skip', 'Each'] as const;

export interface Recurrence {
  readonly rule: Rule;
  readonly from: (typeof origins)[number];
  readonly missed: (typeof missedDays)[number];
}

/** The current occurrence. All days are dates such as `2026-12-01`. */
export interface Occurrence {
  /** The rule's own day for it: the anchor, or what `nextOccurrence` returned. */
  readonly ruleDay: string;
  /** The day on which it is due, which may have been changed. */
  readonly dueDay: string;
  /** The user's current day, which is the day of its completion. */
  readonly today: string;
}

/** A recurrence that begins at an anchor: the due day at which its rule was set. */
export class Series {
  readonly #recurrence: Recurrence;
  readonly #days: RuleDays;

  constructor(recurrence: Recurrence, anchor: string) {
    this.#recurrence = recurrence;
    this.#days = new RuleDays(recurrence.rule, parseDay(anchor));
  }

  /** The rule's day for the next occurrence; null if the series ends with this one. */
  nextOccurrence(current: Occurrence): string | null {
    const { from, missed, rule } = this.#recurrence;
    const [ruleDay, dueDay, today] = [current.ruleDay, current.dueDay, current.today].map(parseDay) as [
      number,
      number,
      number,
    ];
    const next =
      from === 'Completion'
        ? dayAfterCompletion(rule, today)
        : this.#days.after(missed === 'Each' ? Math.max(ruleDay, dueDay) : Math.max(ruleDay, dueDay, today));
    return next === null || next > lastDay ? null : formatDay(next);
  }
}

/** The days after an occurrence that is completed today, if each of the others is completed on its day. */
export function upcomingDays(series: Series, current: Occurrence, limit: number): string[] {
  const days: string[] = [];
  let next = series.nextOccurrence(current);
  while (next !== null && days.length < limit) {
    days.push(next);
    next = series.nextOccurrence({ ruleDay: next, dueDay: next, today: next });
  }
  return days;
}

/** The day of completion plus one interval: the next weekday of BYDAY, or as many days, weeks, months or years later. */
export function dayAfterCompletion(rule: Rule, completion: number): number | null {
  const { frequency, interval, weekdays } = rule;
  if (weekdays.length > 0) return new RuleDays(rule, completion).after(completion);
  switch (frequency) {
    case 'DAILY':
      return completion + interval;
    case 'WEEKLY':
      return completion + 7 * interval;
    case 'MONTHLY':
      return addMonths(completion, interval);
    case 'YEARLY':
      return addMonths(completion, 12 * interval);
  }
}
