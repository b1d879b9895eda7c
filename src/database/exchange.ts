/**
 * Several statements in one message exchange with PostgreSQL.
 *
 * Everything up to one Sync message is one implicit transaction (PostgreSQL manual, "Pipelining" in the section
 * "Message Flow" of the chapter on the protocol). So a statement that sets role and user can go first, the user's own
 * statements follow, and a single Sync ends them: identity, work and commit in one round trip, and the settings, being
 * local to the transaction, are gone before the connection serves anybody else.
 */
import pg from 'pg';
import type { BoundStatement, Row } from './statement.ts';
import { columnTypes } from './types.ts';

/** The part of pg's connection that an exchange talks to; PGlite's stand-in for it has no stream to cork. */
interface Connection {
  readonly stream: { cork?(): void; uncork?(): void };
  parse(message: { name: string; text: string; types: number[] }): void;
  bind(message: {
    portal: string;
    statement: string;
    values: unknown[];
    valueMapper: (value: unknown) => unknown;
  }): void;
  describe(message: { type: 'P'; name: string }): void;
  execute(message: { portal: string; rows: number }): void;
  close(message: { type: 'S'; name: string }): void;
  sync(): void;
}

/** In bytes; PostgreSQL cuts longer names off. */
const longestName = 63;

/** On one connection. */
const mostPrepared = 100;

/** What a failed exchange leaves open is whether its statements were parsed before the failure. */
type PreparedState = 'prepared' | 'unknown';

/** Which statements each connection has prepared. */
const preparedOn = new WeakMap<Connection, Map<string, PreparedState>>();

type Callback = (error: Error | null, results?: Row[][]) => void;

/** One exchange, handed to `client.query()` in place of a query. It follows pg's protocol for such objects. */
export class Exchange {
  /** pg replaces it by one that also stops the timer of `query_timeout`. */
  callback: Callback;
  readonly #statements: readonly BoundStatement[];
  readonly #prepare: boolean;
  readonly #results: ResultBuilder[];
  /** The names parsed on the way: a statement may be there several times. */
  readonly #parsed = new Set<string>();
  #current = 0;
  #failure: Error | null = null;

  /** @param prepare whether the statements are kept on the connection under their names */
  constructor(statements: readonly BoundStatement[], prepare: boolean, callback: Callback) {
    this.#statements = statements;
    this.#results = statements.map(() => new pg.Result('', columnTypes as typeof pg.types) as unknown as ResultBuilder);
    this.#prepare = prepare;
    this.callback = callback;
  }

  submit(connection: Connection): null {
    // Without corking, each message might become a packet of its own.
    connection.stream.cork?.();
    try {
      for (const bound of this.#statements) this.#send(connection, bound);
      connection.sync();
    } finally {
      connection.stream.uncork?.();
    }
    return null;
  }

  #send(connection: Connection, { statement, values }: BoundStatement): void {
    const prepared = preparedStatements(connection);
    const name = this.#prepare && isWorthKeeping(statement.name, prepared) ? statement.name : '';
    const state = prepared.get(name);
    if (name === '' || (state !== 'prepared' && !this.#parsed.has(name))) {
      // Closing a statement that does not exist is no error; preparing one that does is.
      if (state === 'unknown') connection.close({ type: 'S', name });
      connection.parse({ name, text: statement.text, types: [] });
      if (name !== '') prepared.set(name, 'unknown');
      this.#parsed.add(name);
    }
    connection.bind({ portal: '', statement: name, values: [...values], valueMapper: toText });
    connection.describe({ type: 'P', name: '' });
    connection.execute({ portal: '', rows: 0 });
  }

  handleRowDescription(message: { fields: pg.FieldDef[] }): void {
    this.#results[this.#current]?.addFields(message.fields);
  }

  handleDataRow(message: { fields: (string | null)[] }): void {
    if (this.#failure) return;
    const result = this.#results[this.#current];
    try {
      result?.rows.push(result.parseRow(message.fields));
    } catch (error) {
      this.#failure = error as Error;
    }
  }

  handleCommandComplete(): void {
    this.#current += 1;
  }

  handleEmptyQuery(): void {
    this.#current += 1;
  }

  handleReadyForQuery(connection: Connection): void {
    if (this.#failure) {
      this.callback(this.#failure);
      return;
    }
    const prepared = preparedStatements(connection);
    for (const name of this.#parsed) if (name !== '') prepared.set(name, 'prepared');
    this.callback(
      null,
      this.#results.map((result) => result.rows),
    );
  }

  handleError(error: Error): void {
    this.callback(Object.assign(error, { failedStatement: this.#current }));
  }
}

/** The part of pg's result that turns the text of a row into values. */
interface ResultBuilder {
  readonly rows: Row[];
  addFields(fields: pg.FieldDef[]): void;
  parseRow(fields: (string | null)[]): Row;
}

/** Rare combinations of filters are not worth the memory that each connection would keep for them. */
function isWorthKeeping(name: string, prepared: ReadonlyMap<string, PreparedState>): boolean {
  return prepared.has(name) || (name.length <= longestName && prepared.size < mostPrepared);
}

function preparedStatements(connection: Connection): Map<string, PreparedState> {
  let prepared = preparedOn.get(connection);
  if (!prepared) {
    prepared = new Map();
    preparedOn.set(connection, prepared);
  }
  return prepared;
}

/** A parameter in PostgreSQL's text form; arrays as in the manual's section "Array Input and Output Syntax". */
function toText(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (!Array.isArray(value)) return String(value);
  const elements = value.map((element: unknown) =>
    element === null ? 'NULL' : `"${String(element).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`,
  );
  return `{${elements.join(',')}}`;
}
