/** Schemas of recurrences, of their patches, and of previews. */
import { z } from 'zod';
import { enumConstants, objectSuchAs } from '../../resource/schemas.ts';
import { hasCalendar } from '../due/calendar.ts';
import { calendarDate, dueInput, supportedTimeZone } from '../due/due.ts';
import { addMonths, lastDay, parseDay } from './day-numbers.ts';
import { dayAfterCompletion, missedDays, origins, type Recurrence } from './next-occurrence.ts';
import { parseRule, type Rule, RuleError, ruleLimits } from './rule.ts';
import { RuleDays } from './rule-days.ts';

const from = z.enum(origins).meta({
  id: 'RecurrenceFrom',
  'x-enum-varnames': enumConstants('FROM', origins),
  description:
    '`Due`: the days of the rule. `Completion`: one interval after the day of completion, for rules of FREQ with INTERVAL or BYDAY.',
});

const missed = z.enum(missedDays).meta({
  id: 'RecurrenceMissed',
  'x-enum-varnames': enumConstants('MISSED', missedDays),
  description: '`Skip`: the first day after today. `Each`: the next day of the rule, also if it has passed.',
});

const ruleText = {
  description: `The days, as an RRULE of RFC 5545 without its name: FREQ (DAILY, WEEKLY, MONTHLY, YEARLY), INTERVAL, BYMONTH, BYMONTHDAY, BYDAY, BYSETPOS, WKST, COUNT, UNTIL (a date), and SKIP with RSCALE=GREGORIAN (RFC 7529). At most ${ruleLimits.length} characters.`,
  example: 'FREQ=WEEKLY;BYDAY=MO,TH',
};

const rule = z
  .string()
  .transform((text, context): Rule => {
    try {
      return parseRule(text);
    } catch (error) {
      if (!(error instanceof RuleError)) throw error;
      context.addIssue({ code: 'custom', message: error.message });
      return z.NEVER;
    }
  })
  .meta(ruleText);

const description = 'When a completed task occurs again. It recurs on days: the local time and the time zone stay.';

/** A recurrence in a response. Its rule is in canonical form. */
export const recurrence = z
  .strictObject({ rule: z.string().meta(ruleText), from, missed })
  .meta({ id: 'Recurrence', description });

export type StoredRecurrence = z.output<typeof recurrence>;

/** The values of absent members. */
export const recurrenceDefaults = { from: 'Due', missed: 'Skip' } as const;

const withExample = objectSuchAs({ rule: 'FREQ=WEEKLY' });

/** A recurrence in a request. */
export const recurrenceInput = z
  .strictObject(
    {
      rule,
      from: from.default(recurrenceDefaults.from),
      missed: missed.default(recurrenceDefaults.missed),
    },
    withExample,
  )
  .check(({ value, issues }) => {
    const message = issues.length === 0 ? intervalError(value) : undefined;
    if (message) issues.push({ code: 'custom', path: ['rule'], message, input: value });
  })
  .meta({
    id: 'RecurrenceInput',
    description,
    example: { rule: 'FREQ=WEEKLY;BYDAY=MO,TH', missed: 'Each' },
  });

/** A JSON Merge Patch of a recurrence. The server checks the result, because the stored task has the other members. */
export const recurrencePatch = z
  .strictObject(
    {
      rule,
      from: from.nullable().transform((value) => value ?? recurrenceDefaults.from),
      missed: missed.nullable().transform((value) => value ?? recurrenceDefaults.missed),
    },
    withExample,
  )
  .partial()
  .meta({
    id: 'RecurrencePatch',
    description: `${description} Absent members keep their values; null sets \`from\` and \`missed\` to their defaults. The result must have a rule.`,
  });

export type RecurrencePatch = z.output<typeof recurrencePatch>;

/** Maximum and default number of days in a preview. */
export const previewLimits = { limit: 100, defaultLimit: 10 } as const;

/** The parameter of operations that need the current day. */
export const todayParameter = {
  time_zone: supportedTimeZone
    .default('UTC')
    .meta({ description: 'The time zone of today, if `due` has none. Only recurring tasks need it.' }),
};

const limitMessage = `must be a whole number from 1 to ${previewLimits.limit}`;

export const recurrencePreviewRequest = z
  .strictObject({
    recurrence: recurrenceInput,
    due: dueInput.meta({ description: 'The first occurrence.' }),
    completed_on: calendarDate
      .optional()
      .meta({ description: 'The day on which the first occurrence is completed. Default: today.' }),
    limit: z
      .int()
      .min(1, limitMessage)
      .max(previewLimits.limit, limitMessage)
      .default(previewLimits.defaultLimit)
      .meta({ description: 'Maximum number of days.' }),
  })
  .check(({ value, issues }) => {
    if (issues.length > 0) return;
    const { recurrence: given, due } = value;
    if (due.time_zone !== undefined && !hasCalendar(due.time_zone)) {
      issues.push({ code: 'custom', path: ['due', 'time_zone'], message: 'is not known to this server', input: due });
    }
    const message = anchorError(given, due.date);
    if (message) issues.push({ code: 'custom', path: ['recurrence', 'rule'], message, input: given });
  })
  .meta({
    id: 'RecurrencePreviewRequest',
    description: 'A recurrence, and its first occurrence.',
    example: { recurrence: { rule: 'FREQ=MONTHLY;BYMONTHDAY=-1' }, due: { date: '2026-12-31' }, limit: 3 },
  });

const days = z.array(calendarDate).meta({
  description:
    'The days of the next occurrences, if each of them is completed on its day. Fewer than `limit` days: the series ends.',
  example: ['2026-12-31', '2027-01-31', '2027-02-28'],
});

export const recurrencePreview = z
  .strictObject({ recurrence, days })
  .meta({ id: 'RecurrencePreview', description: 'The next occurrences of a task.' });

export const occurrences = z
  .strictObject({ recurrence: recurrence.nullable(), days })
  .meta({ id: 'Occurrences', description: 'The next occurrences of a stored task.' });

/** The error of a rule that cannot count from the day of completion; undefined if it need not or can. */
export function intervalError({ rule: parsed, from: origin }: Recurrence): string | undefined {
  if (origin === 'Due' || isInterval(parsed)) return undefined;
  return 'must consist of FREQ and INTERVAL, or of FREQ and BYDAY, if from is Completion';
}

/** Whether a rule has the parts that can count from a completion. */
function isInterval({ text, interval, weekdays }: Rule): boolean {
  return !/;(?!INTERVAL|BYDAY)/.test(text) && (interval === 1 || weekdays.length === 0);
}

/** Years after the first occurrence within which a rule must have another day. */
export const maxYearsToNextDay = 10;

/** The error of a recurrence that cannot begin on a day; undefined if there is none. */
export function anchorError({ rule: parsed, from: origin }: Recurrence, date: string): string | undefined {
  const anchor = parseDay(date);
  if (parsed.until !== null && parsed.until < anchor) return `must not have UNTIL before the due date ${date}`;
  const last = addMonths(anchor, 12 * maxYearsToNextDay);
  // The calendar ends earlier.
  if (last > lastDay) return undefined;
  const endless: Rule = { ...parsed, count: null, until: null };
  const next =
    origin === 'Completion' ? dayAfterCompletion(endless, anchor) : new RuleDays(endless, anchor).after(anchor, last);
  if (next !== null && next <= last) return undefined;
  return `must have a day within ${maxYearsToNextDay} years after the due date ${date}`;
}
