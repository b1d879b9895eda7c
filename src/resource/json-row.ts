/** Rows that PostgreSQL has converted to JSON. */

/**
 * The row as a statement returns it. PostgreSQL writes timestamps differently in JSON: `2026-11-20T12:00:00.5+00:00`.
 *
 * @param json a row with only its own columns, which this function changes
 */
export function rowOfJson<Row extends object>(json: Row): Row {
  const columns = json as Record<string, unknown>;
  for (const column in columns) {
    const value = columns[column];
    if (column.endsWith('_at') && typeof value === 'string') columns[column] = toMicroseconds(value);
  }
  return json;
}

function toMicroseconds(timestamp: string): string {
  return `${timestamp.slice(0, 19)}.${timestamp.slice(20, -6).padEnd(6, '0')}Z`;
}
