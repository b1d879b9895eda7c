/** Fingerprints of tables: equal for the same rows in any order, on any version of PostgreSQL. */
import type { QueryClient } from '../driver.ts';
import type { Table } from './tables.ts';

export interface Fingerprint {
  /** The number of rows. */
  readonly rows: string;
  /** The sums of both halves of 128 bits of the SHA-256 of each row. */
  readonly sums: string;
}

/** The forms of values as text, which settings of a database or of a login can change. */
const textForms = `
  select set_config(name, value, true)
  from (values ('datestyle', 'ISO, YMD'), ('timezone', 'UTC'), ('bytea_output', 'hex'), ('intervalstyle', 'postgres'),
    ('extra_float_digits', '1')) as forms (name, value)`;

/** Precedes the statements on rows in a transaction. */
export async function useTextForms(client: QueryClient): Promise<void> {
  await client.query(textForms);
}

/** Both databases compute it by the same SQL. */
export async function fingerprint(client: QueryClient, { name, columns }: Table): Promise<Fingerprint> {
  const half = (start: number) => `sum(('x' || substr(digest, ${start}, 16))::bit(64)::bigint::numeric)`;
  const { rows } = await client.query<Fingerprint>(
    `select count(*)::text as rows, coalesce(${half(1)}, 0) || ' ' || coalesce(${half(17)}, 0) as sums
     from (
       select encode(sha256(convert_to(row(${columns.join(', ')})::text, 'UTF8')), 'hex') as digest from ${name}
     ) as digests`,
  );
  return rows[0] as Fingerprint;
}
