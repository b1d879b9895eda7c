/** Failures of single statements of the embedded issuer, on the real connections of a pool. */
import type { ConnectionPool } from '../../src/database/pg/pool.ts';
import type { PooledConnection } from '../../src/database/pg/pooled-connection.ts';

/**
 * `lost before`: the connection is cut before the statement is sent; `lost after`: before its answer is read;
 * `cancelled`: PostgreSQL cancels it, as after a timeout.
 */
export type StatementFault = 'lost before' | 'lost after' | 'cancelled';

export interface StatementFaults {
  /** Lets the statement with this number, from now on and from 1, fail. */
  cause(at: number, how: StatementFault): void;
  /** Causes nothing any more; the statement that failed, or null if there was none with that number. */
  end(): string | null;
}

const cancel = "do $$ begin raise exception 'cancelled' using errcode = '57014'; end $$";

/** From then on, connections of the pool can fail. */
export function prepareFaults(pool: ConnectionPool): StatementFaults {
  const prepared = new WeakSet<PooledConnection>();
  let until = Number.POSITIVE_INFINITY;
  let fault: StatementFault = 'cancelled';
  let failed: string | null = null;

  const connect = pool.connect.bind(pool);
  pool.connect = async () => {
    const client = await connect();
    if (!prepared.has(client)) prepare(client);
    prepared.add(client);
    return client;
  };

  function prepare(client: PooledConnection): void {
    const query = client.query.bind(client) as (...rest: unknown[]) => Promise<unknown>;
    client.query = ((statement: string | { text?: string }, ...rest: unknown[]) => {
      const text = (typeof statement === 'string' ? statement : statement.text) ?? '';
      // What is not the issuer's does not count.
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
