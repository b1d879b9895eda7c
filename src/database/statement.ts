/** SQL that is written once and sent many times, and the rows it gives. */

/** One SQL statement with `$1`… parameters. Its name makes it a prepared statement, kept on each connection. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/** What pg can send as a parameter of a statement here: text, or what has one obvious text. */
export type Parameter = string | number | boolean | null | readonly (string | number | null)[];

/** A statement with the values of its parameters. */
export interface BoundStatement {
  readonly statement: Statement;
  readonly values: readonly Parameter[];
}

/** A row as it comes from the server: a value for each column, by the column's name. */
export type Row = Record<string, unknown>;
