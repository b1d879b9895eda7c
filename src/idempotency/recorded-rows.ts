/** The rows of an outcome, as PostgreSQL stores them in JSON. */
import { rowOfJson } from '../resource/json-row.ts';

/** The rows as a statement returns them. */
export function parseRows(json: string): object[] {
  return (JSON.parse(json) as object[]).map(rowOfJson);
}
