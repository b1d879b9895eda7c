/** Schemas of timestamps in a request (RFC 3339). */
import { z } from 'zod';

const rfc3339 =
  /^(\d{4}-\d\d-\d\d)[Tt](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,6})?(?:[Zz]|[+-](?:0\d|1[0-4]):[0-5]\d)$/;

/** A timestamp with an offset, at most microseconds, and a year of at least 1. The result is the text as sent. */
export const instant = z
  .string()
  .refine(isTimestamp, 'must be a timestamp such as 2026-11-20T09:30:00Z (RFC 3339), with at most microseconds')
  .meta({ format: 'date-time' });

export function timestampParameter(description: string) {
  return instant.optional().meta({ format: 'date-time', description });
}

function isTimestamp(text: string): boolean {
  const [, date] = rfc3339.exec(text) ?? [];
  if (!date || date < '0001-01-02' || date > '9999-12-30') return false;
  const instant = Date.parse(`${date}T00:00:00Z`);
  return !Number.isNaN(instant) && new Date(instant).toISOString().startsWith(date);
}
