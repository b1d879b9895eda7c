/**
 * Pipeline: several statements in one round trip to PostgreSQL.
 *
 * All messages up to one Sync form one implicit transaction (PostgreSQL manual, "Pipelining" in the section "Message
 * Flow" of the chapter on the protocol). The first statement sets role and user, the caller's statements follow, and one
 * Sync commits. The settings are local to the transaction, so they end before another request uses the connection.
 */
import { serialize } from 'pg-protocol';
import type { BoundStatement, Row } from '../statement.ts';
import { createRowDecoder, type DescribedColumn, decodeRow, type RowDecoder } from './row-decoder.ts';

/** The part of pg's connection that a pipeline uses. */
interface Connection {
  readonly stream: { write(bytes: Uint8Array): boolean };
  once(event: 'readyForQuery' | 'end', listener: () => void): unknown;
  removeListener(event: 'readyForQuery' | 'end', listener: () => void): unknown;
}

/** In bytes. PostgreSQL truncates longer names (`NAMEDATALEN`). */
const maxNameBytes = 63;

/** Maximum per connection. */
const maxPreparedStatements = 100;

/** A prepared statement of a connection. */
interface PreparedStatement {
  /** Decoder of its rows. The first successful execution sets it, because it proves that the statement is prepared. */
  decoder?: RowDecoder;
}

type PreparedStatements = Map<string, PreparedStatement>;

/** The prepared statements of each connection. */
const preparedOn = new WeakMap<Connection, PreparedStatements>();

/** One statement of a pipeline in progress. */
interface Step {
  readonly rows: Row[];
  /** Undefined if the statement is not kept prepared. */
  readonly prepared: PreparedStatement | undefined;
  /** Decoder of its rows. Undefined until PostgreSQL describes them. */
  decoder: RowDecoder | undefined;
}

type Callback = (error: Error | null, results?: Row[][]) => void;

/** A query object for `client.query()`. It implements pg's `Submittable` interface. */
export class Pipeline {
  callback: Callback;
  readonly #statements: readonly BoundStatement[];
  readonly #prepare: boolean;
  readonly #steps: Step[] = [];
  #current = 0;
  #failure: Error | null = null;

  /** @param prepare whether the statements are kept prepared on the connection under their names */
  constructor(statements: readonly BoundStatement[], prepare: boolean, callback: Callback) {
    this.#statements = statements;
    this.#prepare = prepare;
    this.callback = callback;
  }

  submit(connection: Connection): null {
    const prepared = preparedStatements(connection);
    const messages: Buffer[] = [];
    for (const bound of this.#statements) this.#append(messages, prepared, bound);
    messages.push(serialize.sync());
    // One write: each write is a system call and may become a packet.
    connection.stream.write(Buffer.concat(messages));
    return null;
  }

  #append(messages: Buffer[], prepared: PreparedStatements, { statement, values }: BoundStatement): void {
    const name = this.#prepare && isWorthPreparing(statement.name, prepared) ? statement.name : '';
    const known = prepared.get(name);
    const bind = serialize.bind({ statement: name, values: values as unknown[], valueMapper: toText });
    if (known?.decoder) {
      this.#steps.push({ rows: [], prepared: known, decoder: known.decoder });
      messages.push(bind, serialize.execute());
      return;
    }
    const isPending = known !== undefined && this.#steps.some((step) => step.prepared === known);
    const entry = known ?? (name === '' ? undefined : {});
    if (entry) prepared.set(name, entry);
    this.#steps.push({ rows: [], prepared: entry, decoder: undefined });
    // After a failed pipeline, the statement may exist or not. Close accepts a missing name, but Parse rejects an
    // existing one.
    if (known && !isPending) messages.push(serialize.close({ type: 'S', name }));
    if (!isPending) messages.push(serialize.parse({ name, text: statement.text }));
    messages.push(bind, serialize.describe({ type: 'P' }), serialize.execute());
  }

  handleRowDescription({ fields }: { fields: readonly DescribedColumn[] }): void {
    const step = this.#steps[this.#current];
    if (step) step.decoder = createRowDecoder(fields);
  }

  handleDataRow({ fields }: { fields: readonly (string | null)[] }): void {
    const step = this.#steps[this.#current];
    if (this.#failure || !step?.decoder) return;
    try {
      step.rows.push(decodeRow(step.decoder, fields));
    } catch (error) {
      this.#failure = error as Error;
    }
  }

  handleCommandComplete(): void {
    const step = this.#steps[this.#current];
    // A statement without rows has no RowDescription message.
    if (step?.prepared) step.prepared.decoder ??= step.decoder ?? createRowDecoder([]);
    this.#current += 1;
  }

  handleEmptyQuery(): void {
    this.handleCommandComplete();
  }

  handleReadyForQuery(): void {
    const rows = this.#steps.map((step) => step.rows);
    // pg keeps a reference to the last query of a connection. The rows must not stay in memory with it.
    this.#steps.length = 0;
    this.#end(this.#failure, rows);
  }

  handleError(error: Error, connection: Connection): void {
    const completed = this.#steps.slice(0, this.#current).map((step) => step.rows);
    const failure = Object.assign(error, { failedStatement: this.#current, completed });
    // Only messages of PostgreSQL have a severity. Without one, the connection is lost.
    if (!('severity' in error)) {
      this.#end(failure);
      return;
    }
    // PostgreSQL sends an error before it rolls back, and ReadyForQuery afterwards. A repetition that starts earlier can find
    // locks of this transaction.
    const end = () => {
      connection.removeListener('readyForQuery', end);
      connection.removeListener('end', end);
      this.#end(failure);
    };
    connection.once('readyForQuery', end);
    connection.once('end', end);
  }

  /** Rejects with pg's error for a read timeout. Later answers are ignored. */
  expire(): void {
    this.#end(new Error('Query read timeout'));
  }

  #end(error: Error | null, rows?: Row[][]): void {
    const { callback } = this;
    this.callback = () => {};
    callback(error, rows);
  }
}

/** Limits the memory of each connection: rare combinations of filters are not kept prepared. */
function isWorthPreparing(name: string, prepared: PreparedStatements): boolean {
  return prepared.has(name) || (name.length <= maxNameBytes && prepared.size < maxPreparedStatements);
}

function preparedStatements(connection: Connection): PreparedStatements {
  let prepared = preparedOn.get(connection);
  if (!prepared) {
    prepared = new Map();
    preparedOn.set(connection, prepared);
  }
  return prepared;
}

/** A parameter in PostgreSQL's text format; arrays as in the manual, section "Array Input and Output Syntax". */
function toText(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (!Array.isArray(value)) return String(value);
  const elements = value.map((element: unknown) =>
    element === null ? 'NULL' : `"${String(element).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`,
  );
  return `{${elements.join(',')}}`;
}
