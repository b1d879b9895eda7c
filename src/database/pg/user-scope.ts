/** First statement of every transaction: sets role, user and settings until the transaction ends. */
import type { Session } from '../driver.ts';
import { authenticatorRole, janitorRole, userRole, watcherRole } from '../schema/roles.ts';
import type { BoundStatement, Statement } from '../statement.ts';
import type { PooledConnection } from './pooled-connection.ts';
import { settings } from './session-settings.ts';

const roleOf = {
  user: userRole,
  janitor: janitorRole,
  watcher: watcherRole,
  authenticator: authenticatorRole,
} as const;

const identity = "set_config('role', $1, true), set_config('app.user_id', $2, true)";

/** For statements that PostgreSQL may plan for their values. */
const planForValues = "set_config('plan_cache_mode', 'auto', true)";

/** For connections whose session has the settings. */
const scope = settingUntilCommit('scope', identity);
const planningScope = settingUntilCommit('planning_scope', `${identity}, ${planForValues}`);

/** For connections whose session has no settings of its own. */
const whole = `${identity}, ${settings('$3', true)}`;
const wholeScope = settingUntilCommit('whole_scope', whole);
const wholePlanningScope = settingUntilCommit('whole_planning_scope', `${whole}, ${planForValues}`);

const scopes: readonly Statement[] = [scope, planningScope, wholeScope, wholePlanningScope];

/** The condition evaluates all calls. None of them is null, so the statement returns no row. */
function settingUntilCommit(name: string, calls: string): Statement {
  return { name, text: `select where num_nulls(${calls}) > 0` };
}

/** Whether a statement is one of these, and not the caller's. */
export function isScope(statement: Statement): boolean {
  return scopes.includes(statement);
}

/**
 * @param statements the statements that follow
 * @param timeoutMs statement timeout, for connections whose session has no setting of its own. With it, PostgreSQL
 *   releases locks if this process loses its connection and cannot cancel the statement itself.
 */
export function sessionScope(
  connection: PooledConnection,
  session: Session,
  statements: readonly BoundStatement[],
  timeoutMs: number,
): BoundStatement {
  const role = roleOf[session.role];
  const userId = session.role === 'user' ? (session.userId ?? '') : '';
  const plansForValues = statements.some(({ statement }) => statement.plansForValues);
  return connection.hasSessionSettings
    ? { statement: plansForValues ? planningScope : scope, values: [role, userId] }
    : { statement: plansForValues ? wholePlanningScope : wholeScope, values: [role, userId, String(timeoutMs)] };
}
