/** How column values become JavaScript values: only what loses nothing leaves its text form. */
import pg from 'pg';

const oids = { timestamptz: 1184, date: 1082, int8: 20 } as const;

/**
 * A `timestamptz` as PostgreSQL writes it in UTC (`2026-11-20 12:00:00.5+00`) in RFC 3339, always with microseconds.
 * Staying text keeps the microseconds that a JavaScript `Date` would lose.
 *
 * @throws RangeError for one that is not in UTC, rather than to take it for another time
 */
export function toRfc3339(text: string): string {
  if (!text.endsWith('+00')) throw new RangeError('a timestamp is not in UTC');
  const fraction = text.slice(20, -3);
  return `${text.slice(0, 10)}T${text.slice(11, 19)}.${fraction.padEnd(6, '0')}Z`;
}

/** pg's parsers, but for timestamps and dates, which stay text. */
export const typeParsers: pg.CustomTypesConfig = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    if (oid === oids.timestamptz) return toRfc3339;
    if (oid === oids.date) return (text: string) => text;
    if (oid === oids.int8) return Number;
    return pg.types.getTypeParser(oid, format);
  },
};
