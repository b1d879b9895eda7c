/**
 * Several statements in one message exchange with PostgreSQL.
 *
 * Everything up to one Sync message is one implicit transaction (PostgreSQL manual, "Pipelining" in the section
 * "Message Flow" of the chapter on the protocol). So a statement that sets role and user can go first, the user's own
 * statements follow, and a single Sync ends them: identity, work and commit in one round trip, and the settings, being
 * local to the transaction, are gone before the connection serves anybody else.
 */
import { serialize } from 'pg-protocol';
import type { BoundStatement, Row } from '../statement.ts';
import { createRowDecoder, type DescribedColumn, decodeRow, type RowDecoder } from './row-decoder.ts';

/** The part of pg's connection that an exchange talks to. */
interface Connection {
  readonly stream: { write(bytes: Uint8Array): boolean };
}

/** In bytes; PostgreSQL cuts longer names off. */
const maxNameBytes = 63;

/** On one connection. */
const maxPreparedStatements = 100;

/** A statement that a connection was told to keep. */
interface PreparedStatement {
  /** Of its rows. It is known from the first time that the statement was carried out, and so that it was kept. */
  decoder?: RowDecoder;
}

type PreparedStatements = Map<string, PreparedStatement>;

/** Which statements each connection has prepared. */
const preparedOn = new WeakMap<Connection, PreparedStatements>();

/** One statement on its way. */
interface Step {
  readonly rows: Row[];
  /** Undefined where nothing is to be remembered of it. */
  readonly prepared: PreparedStatement | undefined;
  /** Of its rows, as far as it is known. */
  decoder: RowDecoder | undefined;
}

type Callback = (error: Error | null, results?: Row[][]) => void;

/** One exchange, handed to `client.query()` in place of a query. It follows pg's protocol for such objects. */
export class Pipeline {
  callback: Callback;
  readonly #statements: readonly BoundStatement[];
  readonly #prepare: boolean;
  readonly #steps: Step[] = [];
  #current = 0;
  #failure: Error | null = null;

  /** @param prepare whether the statements are kept on the connection under their names */
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
    // In one piece: each write would be a call of the system, and maybe a packet.
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
    const kept = known ?? (name === '' ? undefined : {});
    if (kept) prepared.set(name, kept);
    this.#steps.push({ rows: [], prepared: kept, decoder: undefined });
    // A failed exchange may have kept it or not. To close what does not exist is no error; to parse what does is one.
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
    // One that gives no rows is not described by any.
    if (step?.prepared) step.prepared.decoder ??= step.decoder ?? createRowDecoder([]);
    this.#current += 1;
  }

  handleEmptyQuery(): void {
    this.handleCommandComplete();
  }

  handleReadyForQuery(): void {
    const rows = this.#steps.map((step) => step.rows);
    // The connection remembers its last exchange, which should not remember the rows.
    this.#steps.length = 0;
    this.#end(this.#failure, rows);
  }

  handleError(error: Error): void {
    this.#end(Object.assign(error, { failedStatement: this.#current }));
  }

  /** It takes too long: whoever waits for it is told so, and what comes still is not looked at. */
  expire(): void {
    this.#end(new Error('Query read timeout'));
  }

  #end(error: Error | null, rows?: Row[][]): void {
    const { callback } = this;
    this.callback = () => {};
    callback(error, rows);
  }
}

/** Rare combinations of filters are not worth the memory that each connection would keep for them. */
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

/** A parameter in PostgreSQL's text form; arrays as in the manual's section "Array Input and Output Syntax". */
function toText(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (!Array.isArray(value)) return String(value);
  const elements = value.map((element: unknown) =>
    element === null ? 'NULL' : `"${String(element).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`,
  );
  return `{${elements.join(',')}}`;
}
