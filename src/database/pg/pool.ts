/** pg's pool of connections, with a bound on everything that may wait for it or hang on it. */
import pg from 'pg';
import { settledWithin, withTimeout } from '../../runtime/timeout.ts';
import { Pipeline } from './pipeline.ts';
import { createSemaphore, type Semaphore } from './semaphore.ts';

export interface PoolLimits {
  /** Connections. */
  readonly max: number;
  /** For a connection while all are in use. */
  readonly acquireTimeoutMs: number;
  /** For a connection in all, where new ones have to be opened; those who wait for the same wait as long. */
  readonly connectTimeoutMs: number;
  /** For an answer, from sending to the last byte; then the connection is given up. */
  readonly queryTimeoutMs: number;
  /** After so long unused a connection is closed; 0 for never. */
  readonly idleTimeoutMs: number;
}

/**
 * How many may wait for a connection. More clients than these and the connections take were not served faster, only
 * later (`docs/faults.md` has the measurement).
 */
export const maxQueueLength = 200;

/** For connections in use to come back when the pool is closed; then they are cut. */
export const closeTimeoutMs = 2_000;

type ConnectCallback = (error: Error | undefined, client: pg.PoolClient | undefined, done: () => void) => void;

/**
 * A client that gives up what is not answered in time. pg's own `query_timeout` makes a timer for each query, which keeps
 * the rows from being collected for a while; exchanges share one (`docs/performance.md`).
 */
class TimedClient extends pg.Client {
  readonly #timeoutMs: number;
  readonly #deadline: NodeJS.Timeout;
  #exchange: Pipeline | undefined;

  constructor(config: pg.ClientConfig, timeoutMs: number) {
    super(config);
    this.#timeoutMs = timeoutMs;
    this.#deadline = setTimeout(() => this.#exchange?.expire(), timeoutMs).unref();
    this.once('end', () => clearTimeout(this.#deadline));
  }

  override query(query: unknown, ...rest: unknown[]): never {
    const send = super.query.bind(this) as (query: unknown, ...rest: unknown[]) => never;
    if (query instanceof Pipeline) {
      this.#exchange = query;
      this.#deadline.refresh();
      return send(query);
    }
    const config = typeof query === 'string' ? { text: query } : (query as object);
    return send({ ...config, query_timeout: this.#timeoutMs }, ...rest);
  }
}

/** A connection that the pool has lent, or that is kept for the next one. */
interface PooledConnection {
  readonly client: pg.PoolClient;
  /** Hands it back to pg's pool, which closes it where `error` is given. */
  readonly returnToPg: (error?: Error | boolean) => void;
  isCheckedOut: boolean;
  isBroken: boolean;
  /** When it was last given back, on the clock of `performance.now()`. */
  idleSince: number;
}

/**
 * Connections that are given back stay here and not in pg's pool, which makes two timers for each loan
 * (`docs/performance.md`).
 */
export class ConnectionPool extends pg.Pool {
  readonly #bounds: PoolLimits;
  readonly #settle: ((client: pg.ClientBase) => Promise<void>) | undefined;
  readonly #gate: Semaphore;
  /** What nobody uses; what was used last is lent first, so that the others may be closed. */
  readonly #free: PooledConnection[] = [];
  readonly #check: NodeJS.Timeout | undefined;
  /** All that are open, and those of them that are still being opened, which the pool itself says nothing of. */
  readonly #clients: Set<pg.ClientBase>;
  readonly #opening: Set<pg.ClientBase>;

  /** @param settle what to do with a new connection before it is lent; it counts as a part of connecting */
  constructor(options: pg.ClientConfig, bounds: PoolLimits, settle?: (client: pg.ClientBase) => Promise<void>) {
    const clients = new Set<pg.ClientBase>();
    const opening = new Set<pg.ClientBase>();
    class TrackedClient extends TimedClient {
      constructor(config: pg.ClientConfig) {
        super(config, bounds.queryTimeoutMs);
        clients.add(this);
        opening.add(this);
        // Without a listener an error on a connection ends the process. What it means is told to whoever uses it.
        this.on('error', () => {});
        this.once('end', () => {
          clients.delete(this);
          opening.delete(this);
        });
      }
    }
    super({
      ...options,
      Client: TrackedClient as unknown as new () => pg.ClientBase,
      max: bounds.max,
      connectionTimeoutMillis: bounds.connectTimeoutMs,
      idleTimeoutMillis: 0,
    } as pg.PoolConfig);
    this.#bounds = bounds;
    this.#settle = settle;
    this.#gate = createSemaphore(bounds.max, maxQueueLength);
    this.#clients = clients;
    this.#opening = opening;
    // Without a listener, one that fails while the pool closes it would end the process.
    this.on('error', () => {});
    const { idleTimeoutMs } = bounds;
    if (idleTimeoutMs > 0) {
      this.#check = setInterval(() => this.#closeUnused(idleTimeoutMs), idleTimeoutMs / 4).unref();
    }
    // The pool's own queue stays empty: nobody gets past the gate for whom it has no connection.
    Object.defineProperty(this, 'waitingCount', { get: () => this.#gate.waiting });
    Object.defineProperty(this, 'idleCount', { get: () => this.#free.length });
  }

  override connect(): Promise<pg.PoolClient>;
  override connect(callback: ConnectCallback): void;
  override connect(callback?: ConnectCallback): Promise<pg.PoolClient> | undefined {
    const acquired = this.#acquire();
    if (!callback) return acquired;
    acquired.then(
      (client) => callback(undefined, client, () => client.release()),
      (error: Error) => callback(error, undefined, () => {}),
    );
    return undefined;
  }

  #acquire(): Promise<pg.PoolClient> {
    const { acquireTimeoutMs, connectTimeoutMs } = this.#bounds;
    // A database that wakes up takes its time for those whose connections it opens, and for those behind them.
    const place = this.#gate.acquire(this.#opening.size > 0 ? connectTimeoutMs : acquireTimeoutMs);
    const kept = place ? undefined : this.#free.pop();
    return kept ? Promise.resolve(this.#lend(kept)) : this.#acquireLater(place);
  }

  async #acquireLater(place: Promise<void> | undefined): Promise<pg.PoolClient> {
    const { connectTimeoutMs } = this.#bounds;
    const start = performance.now();
    await place;
    const kept = this.#free.pop();
    if (kept) return this.#lend(kept);
    const opened = this.#open();
    const leftMs = Math.max(1, connectTimeoutMs - (performance.now() - start));
    try {
      return await withTimeout(opened, leftMs, 'timeout exceeded when trying to connect');
    } catch (error) {
      opened.then(
        (client) => client.release(),
        () => {},
      );
      throw error;
    }
  }

  async #open(): Promise<pg.PoolClient> {
    try {
      const client = await super.connect();
      const returnToPg = client.release.bind(client);
      await this.#settle?.(client).catch((error: Error) => {
        returnToPg(error);
        throw error;
      });
      this.#opening.delete(client);
      const kept: PooledConnection = {
        client,
        returnToPg: returnToPg,
        isCheckedOut: false,
        isBroken: false,
        idleSince: 0,
      };
      client.release = (error) => this.#takeBack(kept, error);
      client.once('error', () => this.#breakOff(kept)).once('end', () => this.#breakOff(kept));
      return this.#lend(kept);
    } catch (error) {
      this.#gate.release();
      throw error;
    }
  }

  #lend(kept: PooledConnection): pg.PoolClient {
    kept.isCheckedOut = true;
    return kept.client;
  }

  /** The place at the gate is given back together with the connection. */
  #takeBack(kept: PooledConnection, error: Error | boolean | undefined): void {
    if (!kept.isCheckedOut) throw new Error('a connection was given back twice');
    kept.isCheckedOut = false;
    if (error || kept.isBroken || this.ending) {
      kept.returnToPg(error || true);
    } else {
      kept.idleSince = performance.now();
      this.#free.push(kept);
    }
    this.#gate.release();
  }

  /** What is lent is found broken by whoever uses it, and when it is given back. */
  #breakOff(kept: PooledConnection): void {
    kept.isBroken = true;
    const place = this.#free.indexOf(kept);
    if (place < 0) return;
    this.#free.splice(place, 1);
    kept.returnToPg(true);
  }

  #closeUnused(idleTimeoutMs: number): void {
    const longAgo = performance.now() - idleTimeoutMs;
    while (this.#free[0] && this.#free[0].idleSince <= longAgo) this.#free.shift()?.returnToPg(true);
  }

  /** Waits for connections in use, though not for long: what hangs there hangs for good. */
  async close(): Promise<void> {
    clearInterval(this.#check);
    for (const { returnToPg } of this.#free.splice(0)) returnToPg(true);
    await settledWithin(this.end(), closeTimeoutMs);
    for (const client of this.#clients) destroySocket(client);
  }
}

/** Closes a connection without a word, so that it cannot keep the process. */
export function destroySocket(client: pg.ClientBase): void {
  (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
}
