/** Type parsers for column values. A value stays text if a JavaScript value would lose precision. */
import pg from 'pg';

const oids = { timestamptz: 1184, date: 1082, int8: 20 } as const;

/**
 * Converts a `timestamptz` as PostgreSQL writes it in UTC (`2026-11-20 12:00:00.5+00`) to RFC 3339 with microseconds. A
 * JavaScript `Date` would lose the microseconds.
 *
 * @throws RangeError for a timestamp that is not in UTC
 */
export function toRfc3339(text: string): string {
  if (!text.endsWith('+00')) throw new RangeError('a timestamp is not in UTC');
  const fraction = text.slice(20, -3);
  return `${text.slice(0, 10)}T${text.slice(11, 19)}.${fraction.padEnd(6, '0')}Z`;
}

/** pg's parsers, except for timestamps and dates, which stay text, and `int8`, which becomes a number. */
export const typeParsers: pg.CustomTypesConfig = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    if (oid === oids.timestamptz) return toRfc3339;
    if (oid === oids.date) return (text: string) => text;
    if (oid === oids.int8) return Number;
    return pg.types.getTypeParser(oid, format);
  },
};
