/** What goes first in every exchange: who the statements after it run as, how long they may take, how they write times. */
import type pg from 'pg';
import { janitorRole, userRole } from './schema.ts';
import type { BoundStatement, Statement } from './statement.ts';
import { writesUtc } from './time-style.ts';

const identityAndTimeout =
  "set_config('role', $1, true), set_config('app.user_id', $2, true), set_config('statement_timeout', $3, true)";

const scope = settingUntilCommit('scope', identityAndTimeout);

/** To set what is as it should be costs PostgreSQL as much as to set anything (`docs/performance.md`). */
const wholeScope = settingUntilCommit(
  'whole_scope',
  `${identityAndTimeout}, set_config('idle_in_transaction_session_timeout', $3, true),
   set_config('TimeZone', 'UTC', true), set_config('DateStyle', 'ISO', true)`,
);

/** All of them are evaluated, and none is null: no row comes of it. */
function settingUntilCommit(name: string, settings: string): Statement {
  return { name, text: `select where num_nulls(${settings}) > 0` };
}

/** Whether it is one of these statements, which are not the caller's. */
export function isScope(statement: Statement): boolean {
  return statement === scope || statement === wholeScope;
}

export interface ScopeOptions {
  /**
   * For each statement; without it, what the pool has for all of them must do. It is for when this server cannot see to it,
   * being cut off from the database: what it began must not hold its locks.
   */
  readonly timeoutMs?: number;
  /** Whether the transaction waits for a second exchange. */
  readonly staysOpen?: boolean;
}

/** @param userId whose rows are seen; null for nobody's */
export function enterScope(
  client: pg.ClientBase,
  userId: string | null,
  { timeoutMs = 0, staysOpen = false }: ScopeOptions = {},
): BoundStatement {
  const statement = writesUtc(client) && !staysOpen ? scope : wholeScope;
  return { statement, values: [userRole, userId ?? '', String(timeoutMs)] };
}

/** For the janitor, who sees what has expired and nothing else. */
export const enterJanitorScope: BoundStatement = { statement: wholeScope, values: [janitorRole, '', '0'] };
