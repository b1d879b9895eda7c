/** Decoder of rows in PostgreSQL's text format. */
import type { Row } from '../statement.ts';
import { typeParsers } from './type-parsers.ts';

/** The part of a RowDescription message that the decoder uses. */
export interface DescribedColumn {
  readonly name: string;
  readonly dataTypeID: number;
}

/** Decoder for the rows of one statement. It is created once per prepared statement. */
export interface RowDecoder {
  readonly columns: readonly { readonly name: string; readonly read: (text: string) => unknown }[];
  /** Template of a row. Copies share one hidden class in V8, which makes them fast to create and to read. */
  readonly empty: Row;
}

export function createRowDecoder(columns: readonly DescribedColumn[]): RowDecoder {
  return {
    columns: columns.map(({ name, dataTypeID }) => ({ name, read: typeParsers.getTypeParser(dataTypeID, 'text') })),
    empty: Object.fromEntries(columns.map(({ name }) => [name, null])),
  };
}

/** @param texts the columns in PostgreSQL's text format; null for SQL NULL */
export function decodeRow({ columns, empty }: RowDecoder, texts: readonly (string | null)[]): Row {
  const row = { ...empty };
  for (let index = 0; index < columns.length; index += 1) {
    const { name, read } = columns[index] as RowDecoder['columns'][number];
    const text = texts[index] as string | null;
    if (text !== null) row[name] = read(text);
  }
  return row;
}
