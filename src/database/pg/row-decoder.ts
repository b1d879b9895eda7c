/** From the text of a row's columns to its values. */
import type { Row } from '../statement.ts';
import { typeParsers } from './type-parsers.ts';

/** The part of pg's description of a column that its values are read by. */
export interface DescribedColumn {
  readonly name: string;
  readonly dataTypeID: number;
}

/** What rows of a statement look like; the same for all of them, and so made once. */
export interface RowDecoder {
  readonly columns: readonly { readonly name: string; readonly read: (text: string) => unknown }[];
  /** A row to copy, so that all have their fields in the same order and are quick to make and to read. */
  readonly empty: Row;
}

export function createRowDecoder(columns: readonly DescribedColumn[]): RowDecoder {
  return {
    columns: columns.map(({ name, dataTypeID }) => ({ name, read: typeParsers.getTypeParser(dataTypeID, 'text') })),
    empty: Object.fromEntries(columns.map(({ name }) => [name, null])),
  };
}

/** @param texts the columns in PostgreSQL's text form; null for the value that is missing */
export function decodeRow({ columns, empty }: RowDecoder, texts: readonly (string | null)[]): Row {
  const row = { ...empty };
  for (let index = 0; index < columns.length; index += 1) {
    const { name, read } = columns[index] as RowDecoder['columns'][number];
    const text = texts[index] as string | null;
    if (text !== null) row[name] = read(text);
  }
  return row;
}
