/** Fault injection for single statements of the embedded issuer, on real connections of a pool. */
import type pg from 'pg';

/**
 * `lost before`: the connection is closed before the statement is sent; `lost after`: before its result is read;
 * `cancelled`: PostgreSQL cancels it, as after a timeout.
 */
export type StatementFault = 'lost before' | 'lost after' | 'cancelled';

export interface StatementFaults {
  /** Makes the statement with this number fail, counted from 1 from now on. */
  cause(at: number, how: StatementFault): void;
  /** Stops the injection. Returns the failed statement, or null if there was none with that number. */
  end(): string | null;
}

const cancel = "do $$ begin raise exception 'cancelled' using errcode = '57014'; end $$";

/** Enables fault injection on a pool. */
export function prepareFaults(pool: pg.Pool): StatementFaults {
  const prepared = new WeakSet<pg.PoolClient>();
  let until = Number.POSITIVE_INFINITY;
  let fault: StatementFault = 'cancelled';
  let failed: string | null = null;

  const connect = pool.connect.bind(pool) as (...rest: unknown[]) => Promise<pg.PoolClient>;
  pool.connect = (async (...rest: unknown[]) => {
    // Queries with a callback are from the tests.
    if (rest.length > 0) return connect(...rest);
    const client = await connect();
    if (!prepared.has(client)) prepare(client);
    prepared.add(client);
    return client;
  };

  function prepare(client: PooledConnection): void {
    const query = client.query.bind(client) as (...rest: unknown[]) => Promise<unknown>;
    client.query = ((statement: string | { text?: string }, ...rest: unknown[]) => {
      const text = (typeof statement === 'string' ? statement : statement.text) ?? '';
      // Statements of other modules are not counted.
      if (!/todo_auth|^(begin|commit)\b/.test(text)) return query(statement, ...rest);
      until -= 1;
      if (until !== 0) return query(statement, ...rest);
      failed = text;
      return fail(client, query, () => query(statement, ...rest));
    }) as typeof client.query;
  }

  async function fail(
    client: PooledConnection,
    query: (text: string) => Promise<unknown>,
    send: () => Promise<unknown>,
  ): Promise<unknown> {
    if (fault === 'cancelled') return query(cancel);
    if (fault === 'lost after') await send();
    client.destroySocket();
    return send();
  }

  return {
    cause(at, how) {
      until = at;
      fault = how;
      failed = null;
    },
    end() {
      until = Number.POSITIVE_INFINITY;
      return failed;
    },
  };
}
