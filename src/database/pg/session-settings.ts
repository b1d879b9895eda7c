/** Settings of a session that last, for connections behind which there is always the same one. */
import type pg from 'pg';

/** Those behind which there is, and whose settings are made. */
const configured = new WeakSet<pg.ClientBase>();

/** Whether the session of a connection has the settings that `scope.ts` would make for each transaction otherwise. */
export function isConfigured(client: pg.ClientBase): boolean {
  return configured.has(client);
}

/**
 * The settings in SQL.
 *
 * @param timeout the parameter that has the milliseconds
 * @param isLocal whether they end with the transaction
 */
export function settings(timeout: string, isLocal: boolean): string {
  return `
    set_config('statement_timeout', ${timeout}, ${isLocal}),
    set_config('idle_in_transaction_session_timeout', ${timeout}, ${isLocal}),
    set_config('lock_timeout', '0', ${isLocal}), set_config('row_security', 'on', ${isLocal}),
    set_config('TimeZone', 'UTC', ${isLocal}), set_config('DateStyle', 'ISO', ${isLocal})`;
}

/** These two cannot be set for a transaction that has begun; `transaction_timeout` is there since PostgreSQL 17. */
const configure = `
  select ${settings('$2', false)},
    set_config('default_transaction_isolation', 'read committed', false),
    (select set_config(name, '0', false) from pg_settings where name = 'transaction_timeout')
  where pg_backend_pid() = $1`;

/**
 * Makes the settings of a new connection, unless a pooler hands out the sessions behind it, which would pass them on to
 * others. PostgreSQL tells a client the process that serves it, for requests to cancel (manual, "Start-up" in the section
 * "Message Flow" of the chapter on the protocol); a pooler tells of one that does not exist.
 *
 * @param timeoutMs for each statement, and for a transaction that waits for its next one
 */
export async function configureSession(client: pg.ClientBase, timeoutMs: number): Promise<void> {
  const { processID } = client as unknown as { processID: number | null };
  const { rowCount } = await client.query(configure, [processID, String(timeoutMs)]);
  if (rowCount === 1) configured.add(client);
}
