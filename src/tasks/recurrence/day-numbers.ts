/** Days of the Gregorian calendar as integers. Day 1 is 0001-01-01, a Monday. */

export interface CalendarDate {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  /** 1 to 31. */
  readonly day: number;
}

/** Days before each month, in a year that is not a leap year. */
const daysBefore = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365];

const averageYear = 365.2425;

/** The last day of due dates: 9999-12-31. */
export const lastDay = dayNumber(9999, 12, 31);

function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

export function daysInMonth(year: number, month: number): number {
  return (daysBefore[month] as number) - (daysBefore[month - 1] as number) + (month === 2 && isLeapYear(year) ? 1 : 0);
}

export function daysInYear(year: number): number {
  return isLeapYear(year) ? 366 : 365;
}

/** @param day of the month, which may be after its end */
export function dayNumber(year: number, month: number, day: number): number {
  const before = year - 1;
  const leapDays = Math.floor(before / 4) - Math.floor(before / 100) + Math.floor(before / 400);
  const leapDay = month > 2 && isLeapYear(year) ? 1 : 0;
  return 365 * before + leapDays + (daysBefore[month - 1] as number) + leapDay + day;
}

export function calendarDateOf(number: number): CalendarDate {
  let year = Math.floor((number - 1) / averageYear) + 1;
  // Up to 9999, it is at most a day too early.
  if (dayNumber(year + 1, 1, 1) <= number) year += 1;
  let month = 12;
  while (dayNumber(year, month, 1) > number) month -= 1;
  return { year, month, day: number - dayNumber(year, month, 1) + 1 };
}

/** The day that many months later, or the last day of that month if it is shorter. */
export function addMonths(number: number, months: number): number {
  const { year, month, day } = calendarDateOf(number);
  const index = 12 * year + month - 1 + months;
  const [targetYear, targetMonth] = [Math.floor(index / 12), (index % 12) + 1];
  return dayNumber(targetYear, targetMonth, Math.min(day, daysInMonth(targetYear, targetMonth)));
}

/** 0 for Monday to 6 for Sunday. */
export function weekdayOf(number: number): number {
  return (number - 1) % 7;
}

/** @param date a valid date such as `2026-12-01` */
export function parseDay(date: string): number {
  return dayNumber(Number(date.slice(0, 4)), Number(date.slice(5, 7)), Number(date.slice(8, 10)));
}

/** A date such as `2026-12-01`, for a year from 1000 to 9999. */
export function formatDay(number: number): string {
  const { year, month, day } = calendarDateOf(number);
  return `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
}
