/** Random rules in every combination of parts that RFC 5545, section 3.3.10, and RFC 7529 allow for days. */
import fc from 'fast-check';

export const weekdayNames = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'] as const;

export type WeekdayName = (typeof weekdayNames)[number];

/** A rule by its parts. Empty lists and null are absent parts. */
export interface RandomRule {
  readonly FREQ: 'DAILY' | 'WEEKLY' | 'MONTHLY' | 'YEARLY';
  readonly INTERVAL: number;
  readonly BYMONTH: readonly number[];
  readonly BYMONTHDAY: readonly number[];
  readonly BYDAY: readonly { readonly number: number; readonly name: WeekdayName }[];
  readonly BYSETPOS: readonly number[];
  readonly WKST: WeekdayName;
  readonly COUNT: number | null;
  readonly UNTIL: string | null;
  readonly SKIP: 'OMIT' | 'BACKWARD' | 'FORWARD';
}

export interface RandomCase {
  readonly rule: RandomRule;
  /** A date such as `2026-12-01`. */
  readonly anchor: string;
  /** Days after the anchor, in the years that are compared. */
  readonly probes: readonly number[];
}

/** The number of years from the anchor that are compared. */
export const comparedYears = 40;

const signed = (max: number) => fc.oneof(fc.integer({ min: 1, max }), fc.integer({ min: -max, max: -1 }));

/** A part that is absent in most rules, so that rules with days are frequent. */
const list = <Value>(value: fc.Arbitrary<Value>, { absent, max }: { absent: number; max: number }) =>
  fc.oneof(
    { weight: absent, arbitrary: fc.constant<Value[]>([]) },
    {
      weight: 10 - absent,
      arbitrary: fc.uniqueArray(value, { minLength: 1, maxLength: max, selector: (each) => JSON.stringify(each) }),
    },
  );

const someDay = (min: string, max: string) =>
  fc
    .date({ min: new Date(min), max: new Date(max), noInvalidDate: true })
    .map((date) => date.toISOString().slice(0, 10));

const dayNear: fc.Arbitrary<number> = fc.oneof(
  fc.integer({ min: 1, max: 28 }),
  fc.constantFrom(29, 30, 31),
  fc.integer({ min: -28, max: -1 }),
  fc.constantFrom(-29, -30, -31),
);

export const randomRule: fc.Arbitrary<RandomRule> = fc
  .record({
    FREQ: fc.constantFrom('DAILY' as const, 'WEEKLY' as const, 'MONTHLY' as const, 'YEARLY' as const),
    INTERVAL: fc.oneof(
      { weight: 3, arbitrary: fc.constant(1) },
      { weight: 2, arbitrary: fc.integer({ min: 2, max: 14 }) },
    ),
    BYMONTH: list(fc.integer({ min: 1, max: 12 }), { absent: 6, max: 6 }),
    BYMONTHDAY: list(dayNear, { absent: 6, max: 6 }),
    BYDAY: list(
      fc.record({
        number: fc.oneof(
          { weight: 3, arbitrary: fc.constant(0) },
          { weight: 2, arbitrary: signed(6) },
          { weight: 1, arbitrary: signed(53) },
        ),
        name: fc.constantFrom(...weekdayNames),
      }),
      { absent: 4, max: 7 },
    ),
    BYSETPOS: list(fc.oneof(signed(5), signed(366)), { absent: 6, max: 3 }),
    WKST: fc.constantFrom(...weekdayNames),
    COUNT: fc.option(fc.integer({ min: 1, max: 30 }), { freq: 4, nil: null }),
    UNTIL: fc.option(someDay('1990-01-01', '2080-12-31'), { freq: 4, nil: null }),
    SKIP: fc.constantFrom('OMIT' as const, 'OMIT' as const, 'BACKWARD' as const, 'FORWARD' as const),
  })
  .map(allowed);

/** The rule without the parts that must not be combined, and without what the RFCs do not define. */
function allowed(rule: RandomRule): RandomRule {
  const monthDays = rule.FREQ === 'WEEKLY' ? [] : rule.BYMONTHDAY;
  const BYMONTHDAY = rule.SKIP === 'OMIT' ? monthDays : monthDays.filter((day) => day >= -28);
  const isNumbered = rule.FREQ === 'YEARLY' || rule.FREQ === 'MONTHLY';
  // RFC 7529 does not define in which month the numbers of BYDAY count after SKIP=FORWARD has changed the month.
  const hasNumbers = isNumbered && !(rule.SKIP === 'FORWARD' && BYMONTHDAY.length > 0);
  const BYDAY = hasNumbers ? rule.BYDAY : rule.BYDAY.filter(({ number }) => number === 0);
  const hasSet = [rule.BYMONTH, BYMONTHDAY, BYDAY].some(({ length }) => length > 0);
  return {
    ...rule,
    BYMONTHDAY,
    BYDAY,
    BYSETPOS: hasSet ? rule.BYSETPOS : [],
    UNTIL: rule.COUNT === null ? rule.UNTIL : null,
  };
}

export const randomCase: fc.Arbitrary<RandomCase> = fc.record({
  rule: randomRule,
  anchor: fc.oneof(
    someDay('1990-01-01', '2040-12-31'),
    fc.constantFrom('1900-01-01', '1904-02-29', '1996-02-29', '2000-02-29', '2025-01-31', '2096-02-29'),
  ),
  probes: fc.array(fc.integer({ min: 0, max: 365 * comparedYears }), { minLength: 5, maxLength: 5 }),
});

/** The text of a rule, with its parts in this order. */
export function textOf(rule: RandomRule): string {
  const { INTERVAL, BYDAY, WKST, COUNT, UNTIL, SKIP } = rule;
  const parts: [string, string][] = [
    ['FREQ', rule.FREQ],
    ['INTERVAL', INTERVAL > 1 ? String(INTERVAL) : ''],
    ['BYMONTH', rule.BYMONTH.join()],
    ['BYMONTHDAY', rule.BYMONTHDAY.join()],
    ['BYDAY', BYDAY.map(({ number, name }) => `${number || ''}${name}`).join()],
    ['BYSETPOS', rule.BYSETPOS.join()],
    ['WKST', WKST === 'MO' ? '' : WKST],
    ['COUNT', COUNT === null ? '' : String(COUNT)],
    ['UNTIL', UNTIL?.replaceAll('-', '') ?? ''],
    ['RSCALE', SKIP === 'OMIT' ? '' : 'GREGORIAN'],
    ['SKIP', SKIP === 'OMIT' ? '' : SKIP],
  ];
  return parts.flatMap(([name, value]) => (value === '' ? [] : [`${name}=${value}`])).join(';');
}
