/** Session settings: per session if each connection has a session of its own, otherwise per transaction. */
import type { PooledConnection } from './pooled-connection.ts';

/**
 * The settings in SQL.
 *
 * With `force_generic_plan`, PostgreSQL keeps one plan of a prepared statement. Otherwise it plans a statement at each execution
 * if it expects a better plan for the values, as for a user with fewer tasks than the average. It finds the same plan
 * then, and planning a list takes longer than reading it (manual, "Notes" of PREPARE).
 *
 * @param timeout the SQL expression of the timeout in milliseconds
 * @param isLocal whether they end with the transaction
 */
export function settings(timeout: string, isLocal: boolean): string {
  return `
    set_config('statement_timeout', ${timeout}, ${isLocal}),
    set_config('idle_in_transaction_session_timeout', ${timeout}, ${isLocal}),
    set_config('lock_timeout', '0', ${isLocal}), set_config('row_security', 'on', ${isLocal}),
    set_config('TimeZone', 'UTC', ${isLocal}), set_config('DateStyle', 'ISO', ${isLocal}),
    set_config('plan_cache_mode', 'force_generic_plan', ${isLocal})`;
}

/** The last two cannot be set after a transaction has begun. PostgreSQL has `transaction_timeout` since version 17. */
const configure = `
  select ${settings('$2', false)},
    set_config('default_transaction_isolation', 'read committed', false),
    (select set_config(name, '0', false) from pg_settings where name = 'transaction_timeout')
  where pg_backend_pid() = $1`;

/**
 * Configures the session of a new connection, unless a pooler shares the sessions behind it with other clients. A
 * PostgreSQL server reports the process that serves the connection (manual, "Start-up" in the section "Message Flow" of
 * the chapter on the protocol). A pooler reports a process id that does not exist.
 *
 * @param timeoutMs for each statement, and for a transaction that is idle
 */
export async function configureSession(connection: PooledConnection, timeoutMs: number): Promise<void> {
  const { rowCount } = await connection.query(configure, [connection.processId, String(timeoutMs)]);
  connection.hasSessionSettings = rowCount === 1;
}
