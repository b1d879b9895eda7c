/** Verification of row-level security at start-up. The server serves no user data before it passes. */
import type { Driver } from '../driver.ts';
import { errorCode, sqlState } from '../errors.ts';
import type { Statement } from '../statement.ts';
import { DatabaseSetupError } from './requirements.ts';
import { authenticatorRole, janitorRole, ownerPolicyName, roles, userRole, watcherRole } from './roles.ts';

const roleNames = roles.map((role) => `'${role}'`).join(', ');

/** PostgreSQL's text of the time before the number of days in a setting. */
const daysAgo = (setting: string) =>
  `(now() - make_interval(days => (NULLIF(current_setting('${setting}'::text, true), ''::text))::integer))`;

/** What the janitor may see of each table, in PostgreSQL's text. */
const expired = {
  idempotency_keys: "(created_at < (now() - '24:00:00'::interval))",
  changes: `(at < ${daysAgo('app.history_days')})`,
  tokens: "(expires_at < (now() - '30 days'::interval))",
  deleted: `(((content IS NULL) AND (deleted_at < (now() - '400 days'::interval))) OR ((content IS NOT NULL) AND (deleted_at < ${daysAgo('app.trash_days')})))`,
};

/** Columns with users' texts or secrets in tables that the janitor may see parts of. */
const hiddenColumns = ['changes.fields', 'deleted.content', 'tokens.name', 'tokens.hash'];

/** The rows of the table `tokens` that the authenticator may see, in PostgreSQL's text. */
const presented = `((id = (NULLIF(current_setting('app.token_id'::text, true), ''::text))::uuid) AND (hash = decode(NULLIF(current_setting('app.token_hash'::text, true), ''::text), 'hex'::text)))`;

const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;
const expiredRows = Object.entries(expired)
  .map(([table, expression]) => `('${table}', ${literal(expression)})`)
  .join(', ');
const hiddenRows = hiddenColumns.map((column) => `('${column.replace('.', "', '")}')`).join(', ');

/** Reads the system catalogues. Returns one row per violation. */
const violationsSql = `
  with tables as (
    select c.oid, c.relname, c.relowner, c.relrowsecurity, c.relforcerowsecurity
    from pg_class c where c.relnamespace = 'todo'::regnamespace and c.relkind in ('r', 'p')
  ), policies as (
    -- 0 is PUBLIC.
    select *, polroles && array['${userRole}'::regrole::oid, 0] as is_for_users from pg_policy
  )
  select 'role ' || rolname || ' is a superuser or has BYPASSRLS' as violation
    from pg_roles where rolname in (${roleNames}) and (rolsuper or rolbypassrls)
  union all
  select 'role ' || rolname || ' can log in'
    from pg_roles where rolname in (${roleNames}) and rolcanlogin
  union all
  select 'role ' || m.member::regrole || ' is a member of ' || m.roleid::regrole
    from pg_auth_members m where m.member::regrole::text in (${roleNames})
  union all
  select 'table todo.' || relname || ' belongs to ' || relowner::regrole
    from tables where relowner::regrole::text in (${roleNames})
  union all
  select 'row-level security is not enabled and forced on table todo.' || relname
    from tables where not (relrowsecurity and relforcerowsecurity)
  union all
  select 'trigger ' || tgname || ' of table todo.' || relname || ' is disabled'
    from tables join pg_trigger on tgrelid = tables.oid where tgenabled <> 'O'
  union all
  select 'todo.' || relname || ' is a view or a foreign table, which no policy guards'
    from pg_class where relnamespace = 'todo'::regnamespace and relkind in ('v', 'm', 'f')
  union all
  select 'function todo.' || proname || ' runs as its owner'
    from pg_proc where pronamespace = 'todo'::regnamespace and prosecdef
  union all
  select 'function todo.' || proname || ' belongs to ' || proowner::regrole
    from pg_proc where pronamespace = 'todo'::regnamespace and proowner::regrole::text in (${roleNames})
  union all
  select 'table todo.' || relname || ' does not have the policy "${ownerPolicyName}" alone'
    from tables where (
      select array_agg(polname::text) is distinct from array['${ownerPolicyName}']
        or bool_or(not polpermissive or polcmd <> '*' or polroles <> array['${userRole}'::regrole::oid])
      from policies where polrelid = tables.oid and is_for_users)
  union all
  select 'the policy of table todo.' || relname || ' is not about the current user'
    from tables join policies on polrelid = tables.oid
    where is_for_users
      and (pg_get_expr(polqual, polrelid) is distinct from pg_get_expr(polwithcheck, polrelid)
        or pg_get_expr(polqual, polrelid)
           <> '(owner_id = NULLIF(current_setting(''app.user_id''::text, true), ''''::text))')
  union all
  select 'role ${janitorRole} sees more of table todo.' || relname || ' than what has expired'
    from tables join policies on polrelid = tables.oid
    where polroles && array['${janitorRole}'::regrole::oid]
      and (relname::text, pg_get_expr(polqual, polrelid)) not in (values ${expiredRows})
  union all
  select 'role ${janitorRole} may read the texts in ' || hidden."table" || '.' || hidden."column"
    from (values ${hiddenRows}) as hidden ("table", "column")
    where has_column_privilege('${janitorRole}', 'todo.' || hidden."table", hidden."column", 'select')
  union all
  select 'role ${watcherRole} sees rows of table todo.' || relname
    from tables join policies on polrelid = tables.oid
    where polroles && array['${watcherRole}'::regrole::oid] and (relname <> 'heads' or polcmd <> 'r')
  union all
  select 'role ${watcherRole} may read column ' || attname || ' of table todo.' || relname
    from tables join pg_attribute on attrelid = tables.oid and attnum > 0 and not attisdropped
    where (relname, attname) not in (('heads', 'owner_id'), ('heads', 'seq'))
      and has_column_privilege('${watcherRole}', tables.oid, attnum, 'select')
  union all
  select 'role ${watcherRole} may change table todo.' || relname
    from tables
    where has_any_column_privilege('${watcherRole}', oid, 'insert, update')
      or has_table_privilege('${watcherRole}', oid, 'delete, truncate, trigger')
  union all
  select 'role ${authenticatorRole} sees more of table todo.' || relname || ' than the presented token'
    from tables join policies on polrelid = tables.oid
    where polroles && array['${authenticatorRole}'::regrole::oid]
      and (relname <> 'tokens' or pg_get_expr(polqual, polrelid) <> ${literal(presented)} or polwithcheck is not null)
  union all
  select 'role ${authenticatorRole} may read table todo.' || relname
    from tables where relname <> 'tokens' and has_any_column_privilege('${authenticatorRole}', oid, 'select')
  union all
  select 'role ${authenticatorRole} may change column ' || attname || ' of table todo.' || relname
    from tables join pg_attribute on attrelid = tables.oid and attnum > 0 and not attisdropped
    where (relname, attname) <> ('tokens', 'last_used_at')
      and has_column_privilege('${authenticatorRole}', tables.oid, attnum, 'update')
  union all
  select 'role ${authenticatorRole} may add or remove rows of table todo.' || relname
    from tables
    where has_any_column_privilege('${authenticatorRole}', oid, 'insert')
      or has_table_privilege('${authenticatorRole}', oid, 'delete, truncate, trigger')
  union all
  select 'role ' || role || ' may look into schema ' || nspname
    from pg_namespace, unnest(array[${roleNames}]) as role
    where nspname in ('todo_auth', 'todo_admin') and has_schema_privilege(role, pg_namespace.oid, 'usage')`;

/**
 * @throws DatabaseSetupError that lists each violation
 */
export async function verifyRowLevelSecurity(driver: Driver): Promise<void> {
  const violations = await readViolations(driver.pool);
  if (violations.length === 0) violations.push(...(await probe(driver)));
  if (violations.length > 0) {
    throw new DatabaseSetupError(
      `Row-level security does not separate the users of this database, so the server does not start:\n${violations.map((violation) => `  ${violation}`).join('\n')}\nRevert the manual changes. \`todo-api migrate\` on an empty database creates the expected state.`,
    );
  }
}

/**
 * Settings that change how the catalogues print expressions and names. A role or a database may have set other values.
 */
const printSettings = `
  select set_config('IntervalStyle', 'postgres', true), set_config('quote_all_identifiers', 'off', true)`;

async function readViolations(pool: Driver['pool']): Promise<string[]> {
  // Both are in one message, and so in one transaction.
  const results = await pool.query(`${printSettings}; ${violationsSql}`);
  const [, { rows }] = results as unknown as [object, { rows: { violation: string }[] }];
  return rows.map((row) => row.violation);
}

/** Reads all tables without a user, in the same way as a request. It must run as the user role and find no row. */
async function probe(driver: Driver): Promise<string[]> {
  const tables = await driver.pool.query<{ name: string }>(
    "select quote_ident(tablename) as name from pg_tables where schemaname = 'todo'",
  );
  const found = tables.rows.map(({ name }) => `exists (select from todo.${name})`).join(' or ');
  const statement: Statement<[{ readonly role: string; readonly found: boolean }]> = {
    name: 'isolation_probe',
    text: `select current_user::text as "role", (${found}) as found`,
  };
  const results = await driver
    .batch({ role: 'user', userId: null }, [{ statement, values: [] }])
    .catch((error: unknown) => {
      if (errorCode(error) !== sqlState.insufficientPrivilege) throw error;
      throw new DatabaseSetupError(
        `The login cannot switch to the role ${userRole} (${(error as Error).message}). Have a superuser run "grant ${roles.join(', ')} to" that login.`,
      );
    });
  const [[{ role, found: isFound }]] = results;
  return [
    ...(role === userRole ? [] : [`statements run as ${role}, not as ${userRole}`]),
    ...(isFound === false ? [] : ['rows are seen without a user']),
  ];
}
