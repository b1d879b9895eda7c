/** Recurrence rules: the parts of RFC 5545, section 3.3.10, and of RFC 7529 that concern days. */
import { isDate } from '../due/calendar.ts';
import { formatDay, parseDay } from './day-numbers.ts';

const frequencies = ['DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY'] as const;
const skips = ['OMIT', 'BACKWARD', 'FORWARD'] as const;
const weekdayNames = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'] as const;

/** An element of BYDAY. */
export interface RuleWeekday {
  /** 0 for Monday to 6 for Sunday. */
  readonly weekday: number;
  /** The number in the month or the year, from its end if negative; 0 for every one. */
  readonly number: number;
}

export interface Rule {
  /** The canonical form: equal for rules with the same parts. */
  readonly text: string;
  readonly frequency: (typeof frequencies)[number];
  readonly interval: number;
  /** 1 to 12. Empty lists are absent parts. */
  readonly months: readonly number[];
  /** 1 to 31, or -1 to -31 from the end of the month. */
  readonly monthDays: readonly number[];
  readonly weekdays: readonly RuleWeekday[];
  /** BYSETPOS: 1 to 366, or -1 to -366 from the end of the set. */
  readonly positions: readonly number[];
  /** The first day of the week; 0 for Monday. */
  readonly weekStart: number;
  /** The number of days, the anchor included. */
  readonly count: number | null;
  /** The last possible day, as a day number. */
  readonly until: number | null;
  /** What replaces a day that a month does not have. */
  readonly skip: (typeof skips)[number];
}

/** A text that is not a supported rule. The message names the part and the fix. */
export class RuleError extends Error {
  override readonly name = 'RuleError';
}

/** Maximum values of the parts, and the maximum length of the text. They bound the cost of a rule. */
export const ruleLimits = { length: 500, interval: 1_000, count: 1_000 } as const;

/** Days of a period, of which the evaluation of COUNT looks at each. */
const periodLengths = { DAILY: 31, WEEKLY: 7, MONTHLY: 31, YEARLY: 366 } as const;

/** The cost of the next day, relative to the row of a search word, which takes as long as about 800 days. */
export function evaluationCost({ frequency, count }: Rule): number {
  return Math.ceil(((count ?? 0) * periodLengths[frequency]) / 800);
}

/** The supported parts, in the order of the canonical form. */
const partNames = [
  ...['FREQ', 'INTERVAL', 'BYMONTH', 'BYMONTHDAY', 'BYDAY', 'BYSETPOS', 'WKST', 'COUNT', 'UNTIL', 'RSCALE', 'SKIP'],
] as const;

type PartName = (typeof partNames)[number];
type Parts = ReadonlyMap<string, string>;

/**
 * Parses a rule. Names and values may be in any case.
 *
 * @throws RuleError
 */
export function parseRule(text: string): Rule {
  if (text.length > ruleLimits.length) fail(`must have at most ${ruleLimits.length} characters`);
  const parts = splitParts(text.toUpperCase());
  const rule = {
    frequency: oneOf(parts, 'FREQ', frequencies) ?? fail('must have FREQ'),
    interval: wholeNumber(parts, 'INTERVAL', ruleLimits.interval) ?? 1,
    months: numbers(parts, 'BYMONTH', { max: 12, isSigned: false }),
    monthDays: numbers(parts, 'BYMONTHDAY', { max: 31, isSigned: true }),
    weekdays: weekdays(parts),
    positions: numbers(parts, 'BYSETPOS', { max: 366, isSigned: true }),
    weekStart: weekdayNames.indexOf(oneOf(parts, 'WKST', weekdayNames) ?? 'MO'),
    count: wholeNumber(parts, 'COUNT', ruleLimits.count) ?? null,
    until: until(parts),
    skip: oneOf(parts, 'SKIP', skips) ?? 'OMIT',
  } satisfies Omit<Rule, 'text'>;
  oneOf(parts, 'RSCALE', ['GREGORIAN']);
  checkCombination(rule, parts);
  return { ...rule, text: canonicalText(rule) };
}

function splitParts(text: string): Parts {
  const parts = new Map<string, string>();
  for (const part of text.split(';')) {
    const [, name, value] = /^([A-Z-]+)=(.*)$/s.exec(part) ?? [];
    if (name === undefined || value === undefined) {
      fail('must consist of parts such as FREQ=WEEKLY;BYDAY=MO, without RRULE: in front of them');
    }
    if (parts.has(name)) fail(`has ${name} twice; remove one of them`);
    parts.set(name, value);
  }
  const unsupported = [...parts.keys()].filter((name) => !partNames.includes(name as PartName));
  if (unsupported.length > 0) {
    fail(`has parts that are not supported: ${unsupported.join(', ')}; use only ${partNames.join(', ')}`);
  }
  return parts;
}

/** The rules between parts, from RFC 5545, section 3.3.10, and RFC 7529, section 4.1. */
function checkCombination(rule: Omit<Rule, 'text'>, parts: Parts): void {
  const { frequency, monthDays, positions, weekdays: days, months, skip } = rule;
  if (rule.count !== null && rule.until !== null) fail('must not have both COUNT and UNTIL');
  if (frequency === 'WEEKLY' && monthDays.length > 0) fail('must not have BYMONTHDAY with FREQ=WEEKLY');
  if ((frequency === 'DAILY' || frequency === 'WEEKLY') && days.some(({ number }) => number !== 0)) {
    fail(`must not have numbers in BYDAY with FREQ=${frequency}`);
  }
  if (positions.length > 0 && [months, monthDays, days].every(({ length }) => length === 0)) {
    fail('must have BYDAY, BYMONTHDAY or BYMONTH with BYSETPOS');
  }
  if (parts.has('SKIP') && !parts.has('RSCALE')) fail('must have RSCALE=GREGORIAN with SKIP');
  // The RFC does not define what is before or after the 30th last day of February.
  if (skip !== 'OMIT' && monthDays.some((day) => day < -28)) {
    fail(`must not have a BYMONTHDAY before -28 with SKIP=${skip}`);
  }
}

/** The parts in a fixed order, without defaults, with sorted lists. */
function canonicalText(rule: Omit<Rule, 'text'>): string {
  const { interval, count, until: last, skip } = rule;
  const values: Record<PartName, string | false> = {
    FREQ: rule.frequency,
    INTERVAL: interval > 1 && String(interval),
    BYMONTH: rule.months.join(),
    BYMONTHDAY: rule.monthDays.join(),
    BYDAY: rule.weekdays.map(({ weekday, number }) => `${number || ''}${weekdayNames[weekday]}`).join(),
    BYSETPOS: rule.positions.join(),
    WKST: rule.weekStart > 0 && (weekdayNames[rule.weekStart] as string),
    COUNT: count !== null && String(count),
    UNTIL: last !== null && formatDay(last).replaceAll('-', ''),
    RSCALE: skip !== 'OMIT' && 'GREGORIAN',
    SKIP: skip !== 'OMIT' && skip,
  };
  return partNames.flatMap((name) => (values[name] ? [`${name}=${values[name]}`] : [])).join(';');
}

function oneOf<const Value extends string>(parts: Parts, name: PartName, values: readonly Value[]): Value | undefined {
  const value = parts.get(name);
  if (value === undefined) return undefined;
  return values.find((each) => each === value) ?? fail(`must have ${name} as ${values.join(', ')}`);
}

function wholeNumber(parts: Parts, name: PartName, max: number): number | undefined {
  const value = parts.get(name);
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value) && inRange(Number(value), max)) return Number(value);
  return fail(`must have ${name} as a whole number from 1 to ${max.toLocaleString('en')}`);
}

interface NumberRange {
  readonly max: number;
  /** Whether negative numbers count from the end. */
  readonly isSigned: boolean;
}

function numbers(parts: Parts, name: PartName, { max, isSigned }: NumberRange): readonly number[] {
  const value = parts.get(name);
  if (value === undefined) return [];
  const pattern = isSigned ? /^[+-]?\d{1,3}$/ : /^\d{1,2}$/;
  const list = value.split(',');
  if (!list.every((each) => pattern.test(each) && inRange(Math.abs(Number(each)), max))) {
    fail(`must have ${name} as numbers from 1 to ${max}${isSigned ? `, or -1 to -${max}` : ''}, separated by commas`);
  }
  return [...new Set(list.map(Number))].sort(fromStartThenEnd);
}

function weekdays(parts: Parts): readonly RuleWeekday[] {
  const value = parts.get('BYDAY');
  if (value === undefined) return [];
  const byText = new Map<string, RuleWeekday>();
  const names: readonly string[] = weekdayNames;
  for (const each of value.split(',')) {
    const [, number, name] = /^([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)$/.exec(each) ?? [];
    if (name === undefined || (number !== undefined && !inRange(Math.abs(Number(number)), 53))) {
      fail('must have BYDAY as weekdays such as MO, 2TU or -1FR, separated by commas');
    }
    const weekday = { weekday: names.indexOf(name), number: Number(number ?? 0) };
    byText.set(`${weekday.number}${name}`, weekday);
  }
  return [...byText.values()].sort(
    (one, other) => fromStartThenEnd(one.number, other.number) || one.weekday - other.weekday,
  );
}

function until(parts: Parts): number | null {
  const value = parts.get('UNTIL');
  if (value === undefined) return null;
  const date = `${value.slice(0, 4)}-${value.slice(4, 6)}-${value.slice(6)}`;
  return isDate(date) ? parseDay(date) : fail('must have UNTIL as a date such as 20261231, without a time');
}

function inRange(value: number, max: number): boolean {
  return value >= 1 && value <= max;
}

/** 1, 2, -2, -1. */
function fromStartThenEnd(one: number, other: number): number {
  return Number(one < 0) - Number(other < 0) || one - other;
}

function fail(message: string): never {
  throw new RuleError(message);
}
