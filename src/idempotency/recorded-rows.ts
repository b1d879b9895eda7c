/** The rows of an outcome, as PostgreSQL stores them in JSON. */

/** The rows as a statement returns them. PostgreSQL writes timestamps differently in JSON: `2026-11-20T12:00:00.5+00:00`. */
export function parseRows(json: string): object[] {
  return JSON.parse(json, (column, value) =>
    column.endsWith('_at') && typeof value === 'string' ? toMicroseconds(value) : value,
  );
}

function toMicroseconds(timestamp: string): string {
  return `${timestamp.slice(0, 19)}.${timestamp.slice(20, -6).padEnd(6, '0')}Z`;
}
