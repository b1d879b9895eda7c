/**
 * An independent evaluation of rules, from the text of RFC 5545 and RFC 7529. It visits day after day, decides for each one
 * whether the rule has it, and shares no code with the server.
 */
import { type RandomRule, weekdayNames } from './random-rules.ts';

interface Day {
  readonly index: number;
  readonly date: string;
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly monthLength: number;
  /** From 1 on. */
  readonly yearDay: number;
  readonly yearLength: number;
  /** 0 for Monday. */
  readonly weekday: number;
}

const [firstYear, lastYear] = [1899, 2145];

const days: readonly Day[] = allDays();
const indexes: ReadonlyMap<string, number> = new Map(days.map(({ date, index }) => [date, index]));

function allDays(): Day[] {
  const all: Day[] = [];
  for (let year = firstYear; year <= lastYear; year += 1) {
    const isLeap = year % 400 === 0 || (year % 4 === 0 && year % 100 !== 0);
    const lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let yearDay = 0;
    for (const [monthBefore, monthLength] of lengths.entries()) {
      for (let day = 1; day <= monthLength; day += 1) {
        yearDay += 1;
        const index = all.length;
        const month = monthBefore + 1;
        const date = [year, month, day].map((part) => String(part).padStart(2, '0')).join('-');
        // 1899-01-01 was a Sunday.
        const weekday = (index + 6) % 7;
        all.push({ index, date, year, month, day, monthLength, yearDay, yearLength: isLeap ? 366 : 365, weekday });
      }
    }
  }
  return all;
}

export function shifted(date: string, by: number): string {
  return dayAt(indexOf(date) + by).date;
}

function dayAt(index: number): Day {
  return days[index] as Day;
}

function indexOf(date: string): number {
  return indexes.get(date) as number;
}

/**
 * The days of a rule after a day and up to a last one. All days are dates.
 *
 * @param max the number of days after which it stops
 */
export function daysOf(rule: RandomRule, anchor: string, after: string, last: string, max: number): string[] {
  const until = rule.UNTIL !== null && rule.UNTIL < last ? rule.UNTIL : last;
  if (rule.COUNT === null) return take(setsOf(rule, dayAt(indexOf(anchor)), indexOf(after), indexOf(until)), max);
  // The anchor is the first one.
  const counted = take(setsOf(rule, dayAt(indexOf(anchor)), indexOf(anchor), indexOf(until)), rule.COUNT - 1);
  return counted.filter((date) => date > after).slice(0, max);
}

function take(found: Iterable<Day>, max: number): string[] {
  const taken: string[] = [];
  if (max === 0) return taken;
  for (const { date } of found) {
    taken.push(date);
    if (taken.length === max) break;
  }
  return taken;
}

/** The days after a day and up to a last one, set by set: BYSETPOS selects from the days of a period. */
function* setsOf(rule: RandomRule, anchor: Day, after: number, last: number): Generator<Day> {
  const { BYSETPOS, SKIP } = rule;
  const period = (day: Day) => periodOf(rule, day);
  const has = createTest(rule, anchor);
  let start = Math.max(after, anchor.index);
  while (period(dayAt(start - 1)) === period(dayAt(start))) start -= 1;

  let set: Day[] = [];
  let latest = Math.max(after, anchor.index);
  for (let index = start; index < days.length; index += 1) {
    const [before, day] = [dayAt(index - 1), dayAt(index)];
    // The first day of a period can belong to the set before.
    if (SKIP === 'FORWARD' && day.day === 1 && has(day, before)) set.push(day);
    if (period(before) !== period(day)) {
      const chosen = set.filter(
        (_, position) =>
          BYSETPOS.length === 0 || BYSETPOS.includes(position + 1) || BYSETPOS.includes(position - set.length),
      );
      for (const each of chosen) {
        if (each.index > last) return;
        if (each.index > latest) yield each;
        latest = Math.max(latest, each.index);
      }
      if (before.index > last) return;
      set = [];
    }
    if (has(day, day) && set.at(-1) !== day) set.push(day);
  }
}

/** Consecutive numbers of years, months, weeks or days. */
function periodOf({ FREQ, WKST }: RandomRule, { index, year, month, weekday }: Day): number {
  if (FREQ === 'YEARLY') return year;
  if (FREQ === 'MONTHLY') return 12 * year + month;
  if (FREQ === 'DAILY') return index;
  const daysSinceStart = (weekday - weekdayNames.indexOf(WKST) + 7) % 7;
  return (index - daysSinceStart + 7) / 7;
}

/**
 * Whether a rule has a day, without BYSETPOS.
 *
 * @param anchor the day from which a rule takes what it does not contain
 */
function createTest(rule: RandomRule, anchor: Day): (day: Day, source: Day) => boolean {
  const { FREQ, INTERVAL, BYMONTH, BYMONTHDAY, BYDAY, SKIP } = rule;
  const hasDays = BYMONTHDAY.length > 0 || BYDAY.length > 0;
  const months = BYMONTH.length === 0 && FREQ === 'YEARLY' && !hasDays ? [anchor.month] : BYMONTH;
  const isMonthly = FREQ === 'YEARLY' || FREQ === 'MONTHLY';
  const monthDays = isMonthly && !hasDays ? [anchor.day] : BYMONTHDAY;
  const weekdays =
    FREQ === 'WEEKLY' && BYDAY.length === 0 ? [{ number: 0, name: weekdayNames[anchor.weekday] }] : BYDAY;
  const anchorPeriod = Math.floor(periodOf(rule, anchor));

  const isWeekday = (day: Day): boolean => {
    const inYear = FREQ === 'YEARLY' && BYMONTH.length === 0;
    const [position, length] = inYear ? [day.yearDay, day.yearLength] : [day.day, day.monthLength];
    return weekdays.some(({ number, name }) => {
      if (weekdayNames[day.weekday] !== name) return false;
      if (number === 0) return true;
      return number > 0 ? Math.ceil(position / 7) === number : Math.ceil((length - position + 1) / 7) === -number;
    });
  };

  /** `source` is the day itself, or the last day of a month without a day that this one replaces. */
  return (day, source) => {
    const period = Math.floor(periodOf(rule, source));
    if ((period - anchorPeriod) % INTERVAL !== 0) return false;
    if (months.length > 0 && !months.includes(source.month)) return false;
    const { monthLength } = source;
    const isReplacement = isMonthly && monthDays.some((each) => each > monthLength);
    if (day !== source) return isReplacement && SKIP === 'FORWARD' && (weekdays.length === 0 || isWeekday(day));
    const isMonthDay =
      monthDays.length === 0 ||
      monthDays.some((each) => (each > 0 ? each : monthLength + 1 + each) === day.day) ||
      (isReplacement && SKIP === 'BACKWARD' && day.day === monthLength);
    return isMonthDay && (weekdays.length === 0 || isWeekday(day));
  };
}
