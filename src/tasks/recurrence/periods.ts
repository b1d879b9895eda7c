/** The periods of a frequency, and the days that a rule has in each: the table of RFC 5545, section 3.3.10. */
import { calendarDateOf, dayNumber, daysInMonth, daysInYear, weekdayOf } from './day-numbers.ts';
import type { Rule, RuleWeekday } from './rule.ts';

/** Years, months or weeks as consecutive integers. */
export interface Periods {
  /** From one period of the rule to the next one. */
  readonly step: number;
  /** The period of a day. */
  of(day: number): number;
  startOf(period: number): number;
  /** The days of the rule in ascending order, whatever INTERVAL is. The last one can be the day after the period. */
  daysIn(period: number): readonly number[];
}

const kinds = { YEARLY: years, MONTHLY: months, WEEKLY: weeks, DAILY: singleDays };

/** @param anchor the day, as a day number, from which the rule takes what it does not contain */
export function periodsOf(rule: Rule, anchor: number): Periods {
  const periods = kinds[rule.frequency](rule, anchor);
  if (rule.positions.length === 0 || rule.frequency === 'DAILY') return periods;
  return { ...periods, daysIn: (period) => atPositions(periods.daysIn(period), rule.positions) };
}

/** The days that BYSETPOS selects. */
function atPositions(days: readonly number[], positions: readonly number[]): readonly number[] {
  const selected = new Set(positions.map((position) => days.at(position > 0 ? position - 1 : position)));
  return [...selected].filter((day) => day !== undefined).sort((one, other) => one - other);
}

function years(rule: Rule, anchor: number): Periods {
  const hasDays = rule.monthDays.length > 0 || rule.weekdays.length > 0;
  const hasMonths = rule.months.length > 0;
  const ruleMonths = hasMonths ? rule.months : hasDays ? allMonths : [calendarDateOf(anchor).month];
  const isRuleDay = weekdayFilter(rule.weekdays);
  const monthDays = monthDaysOf(rule, anchor);
  const startOf = (year: number) => dayNumber(year, 1, 1);
  return {
    step: rule.interval,
    of: (day) => calendarDateOf(day).year,
    startOf,
    daysIn(year) {
      const days: number[] = [];
      let latest = 0;
      for (const month of ruleMonths) {
        const [start, length] = [dayNumber(year, month, 1), daysInMonth(year, month)];
        // Without BYMONTH, the numbers of BYDAY count in the year.
        const [spanStart, spanLength] = hasMonths ? [start, length] : [startOf(year), daysInYear(year)];
        for (const monthDay of monthDays(length)) {
          const day = start + monthDay - 1;
          // With SKIP=FORWARD, it can be a day of the next month, too.
          if (day > latest && isRuleDay(day, spanStart, spanLength)) days.push(day);
          latest = day;
        }
      }
      return days;
    },
  };
}

function months(rule: Rule, anchor: number): Periods {
  const isRuleMonth = monthFilter(rule);
  const isRuleDay = weekdayFilter(rule.weekdays);
  const monthDays = monthDaysOf(rule, anchor);
  return {
    step: rule.interval,
    of: monthOf,
    startOf: startOfMonth,
    daysIn(period) {
      const { month, start, length } = monthAt(period);
      if (!isRuleMonth(month)) return [];
      return monthDays(length)
        .map((monthDay) => start + monthDay - 1)
        .filter((day) => isRuleDay(day, start, length));
    },
  };
}

/** The number of a month since the year 0. */
function monthOf(number: number): number {
  const { year, month } = calendarDateOf(number);
  return 12 * year + month - 1;
}

function startOfMonth(period: number): number {
  return monthAt(period).start;
}

function monthAt(period: number): { month: number; start: number; length: number } {
  const [year, month] = [Math.floor(period / 12), (period % 12) + 1];
  return { month, start: dayNumber(year, month, 1), length: daysInMonth(year, month) };
}

function weeks(rule: Rule, anchor: number): Periods {
  const isRuleMonth = monthFilter(rule);
  const isRuleDay = weekdayFilter(
    rule.weekdays.length > 0 ? rule.weekdays : [{ weekday: weekdayOf(anchor), number: 0 }],
  );
  // Day 1 is a Monday.
  const firstStart = 1 + rule.weekStart;
  const startOf = (period: number) => firstStart + 7 * period;
  return {
    step: rule.interval,
    of: (day) => Math.floor((day - firstStart) / 7),
    startOf,
    daysIn(period) {
      const start = startOf(period);
      return consecutive(start, 7).filter(
        (day) => isRuleDay(day, start, 7) && (rule.months.length === 0 || isRuleMonth(calendarDateOf(day).month)),
      );
    },
  };
}

/**
 * The days of FREQ=DAILY, by month, because BYMONTH can exclude most of them. SKIP has no effect, because the rule has no
 * invalid days, and BYSETPOS selects from sets of one day.
 */
function singleDays(rule: Rule, anchor: number): Periods {
  const { interval, positions } = rule;
  const hasDays = positions.length === 0 || positions.some((position) => Math.abs(position) === 1);
  const isRuleMonth = monthFilter(rule);
  const isRuleDay = weekdayFilter(rule.weekdays);
  const monthDays = new Set(rule.monthDays);
  return {
    step: 1,
    of: monthOf,
    startOf: startOfMonth,
    daysIn(period) {
      const { month, start, length } = monthAt(period);
      const days: number[] = [];
      if (!hasDays || !isRuleMonth(month)) return days;
      const end = start + length;
      const toFirst = (anchor - start) % interval;
      for (let day = start + (toFirst < 0 ? toFirst + interval : toFirst); day < end; day += interval) {
        const isMonthDay = monthDays.size === 0 || monthDays.has(day - start + 1) || monthDays.has(day - end);
        if (isMonthDay && isRuleDay(day, start, length)) days.push(day);
      }
      return days;
    },
  };
}

const allMonths = consecutive(1, 12);

function consecutive(start: number, length: number): number[] {
  return Array.from({ length }, (_, index) => start + index);
}

/** BYMONTH. */
function monthFilter(rule: Rule): (month: number) => boolean {
  if (rule.months.length === 0) return () => true;
  const included = new Set(rule.months);
  return (month) => included.has(month);
}

/** BYDAY. The span is the month or the year in which its numbers count. */
function weekdayFilter(
  weekdays: readonly RuleWeekday[],
): (day: number, spanStart: number, spanLength: number) => boolean {
  if (weekdays.length === 0) return () => true;
  const byWeekday = consecutive(0, 7).map((weekday) => {
    const numbers = new Set(weekdays.filter((each) => each.weekday === weekday).map(({ number }) => number));
    return { isEvery: numbers.has(0), numbers };
  });
  return (day, spanStart, spanLength) => {
    const { isEvery, numbers } = byWeekday[weekdayOf(day)] as (typeof byWeekday)[number];
    if (isEvery || numbers.size === 0) return isEvery;
    const before = Math.floor((day - spanStart) / 7);
    const behind = Math.floor((spanStart + spanLength - 1 - day) / 7);
    return numbers.has(before + 1) || numbers.has(-behind - 1);
  };
}

const monthLengths = [28, 29, 30, 31];

/**
 * The days of BYMONTHDAY in a month of a length, after SKIP: 32 is the first day of the month after January. Without
 * BYMONTHDAY, every day if the rule has BYDAY, otherwise the day of the anchor.
 */
function monthDaysOf(rule: Rule, anchor: number): (length: number) => readonly number[] {
  const isEveryDay = rule.monthDays.length === 0 && rule.weekdays.length > 0;
  const ruleDays = rule.monthDays.length > 0 ? rule.monthDays : [calendarDateOf(anchor).day];
  const inMonth = (day: number, length: number): number => {
    if (day < 0) return length + 1 + day;
    return day <= length || rule.skip === 'OMIT' ? day : length + (rule.skip === 'FORWARD' ? 1 : 0);
  };
  const byLength = monthLengths.map((length) => {
    if (isEveryDay) return consecutive(1, length);
    const last = rule.skip === 'FORWARD' ? length + 1 : length;
    const days = new Set(ruleDays.map((day) => inMonth(day, length)).filter((day) => day >= 1 && day <= last));
    return [...days].sort((one, other) => one - other);
  });
  return (length) => byLength[length - 28] as readonly number[];
}
