/** SQL statements, the values of their parameters, and the types of their rows. */

declare const rowsType: unique symbol;

/**
 * One SQL statement with `$1`… parameters. Its name makes it a prepared statement, which each connection keeps.
 *
 * `Rows` is the type of its result: `TaskRow[]`, `AtMostOne<TaskRow>`, `[LockRow]` for exactly one. The
 * compiler cannot compare it with the text, so the module that has the text declares it beside the text.
 */
export interface Statement<Rows extends object[] = object[]> {
  readonly name: string;
  readonly text: string;
  /** Whether its best plan depends on the values of its parameters. Otherwise PostgreSQL keeps one plan for all values. */
  readonly plansForValues?: boolean;
  /** For the compiler only; no statement has this property. */
  readonly [rowsType]?: Rows;
}

/** The rows of a statement that finds one row or none. */
export type AtMostOne<Row extends object> = [] | [Row];

/** A value that pg can send as a parameter here: text, or a value with one obvious text form. */
export type Parameter = string | number | boolean | null | readonly (string | number | null)[];

/** A statement with the values of its parameters. */
export interface BoundStatement<Rows extends object[] = object[]> {
  readonly statement: Statement<Rows>;
  readonly values: readonly Parameter[];
}

/** The rows of each statement of a list. */
export type RowsOf<Statements extends readonly BoundStatement[]> = {
  -readonly [Index in keyof Statements]: Statements[Index] extends BoundStatement<infer Rows> ? Rows : never;
};

/** A row as it comes from the server: a value for each column, by the column's name. */
export type Row = Record<string, unknown>;
