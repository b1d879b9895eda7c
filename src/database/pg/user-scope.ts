/** What goes first in every exchange: who the statements after it run as, and how, until the transaction ends. */
import type pg from 'pg';
import { janitorRole, userRole } from '../schema/roles.ts';
import type { BoundStatement, Statement } from '../statement.ts';
import { isConfigured, settings } from './session-settings.ts';

const identity = "set_config('role', $1, true), set_config('app.user_id', $2, true)";

const scope = settingUntilCommit('scope', identity);

/** For sessions that are not settled. */
const wholeScope = settingUntilCommit('whole_scope', `${identity}, ${settings('$3', true)}`);

/** All of them are evaluated, and none is null: no row comes of it. */
function settingUntilCommit(name: string, calls: string): Statement {
  return { name, text: `select where num_nulls(${calls}) > 0` };
}

/** Whether it is one of these statements, which are not the caller's. */
export function isScope(statement: Statement): boolean {
  return statement === scope || statement === wholeScope;
}

/**
 * @param userId whose rows are seen; null for nobody's
 * @param timeoutMs for each statement; without it, what the pool has for all of them must do. It is for when this server
 *   cannot see to it, being cut off from the database: what it began must not hold its locks.
 */
export function userScope(client: pg.ClientBase, userId: string | null, timeoutMs = 0): BoundStatement {
  return enter(client, userRole, userId ?? '', timeoutMs);
}

/** For the janitor, who sees what has expired and nothing else. */
export function janitorScope(client: pg.ClientBase): BoundStatement {
  return enter(client, janitorRole, '', 0);
}

function enter(client: pg.ClientBase, role: string, userId: string, timeoutMs: number): BoundStatement {
  return isConfigured(client)
    ? { statement: scope, values: [role, userId] }
    : { statement: wholeScope, values: [role, userId, String(timeoutMs)] };
}
