/** Proof, before anything is served, that the policies hold: a server that cannot show it does not start. */
import type { Driver } from '../driver.ts';
import { errorCode, sqlState } from '../errors.ts';
import type { Statement } from '../statement.ts';
import { DatabaseSetupError } from './requirements.ts';
import { janitorRole, ownerPolicyName, roles, userRole } from './roles.ts';

const roleNames = roles.map((role) => `'${role}'`).join(', ');

/** One row a fault, from the catalogues alone. */
const faultsInCatalogue = `
  with tables as (
    select c.oid, c.relname, c.relowner, c.relrowsecurity, c.relforcerowsecurity
    from pg_class c where c.relnamespace = 'todo'::regnamespace and c.relkind in ('r', 'p')
  ), policies as (
    -- 0 stands for everybody.
    select *, polroles && array['${userRole}'::regrole::oid, 0] as is_for_users from pg_policy
  )
  select 'role ' || rolname || ' is a superuser or has BYPASSRLS' as fault
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
      and pg_get_expr(polqual, polrelid) <> '(created_at < (now() - ''24:00:00''::interval))'
  union all
  select 'role ' || role || ' may look into schema ' || nspname
    from pg_namespace, unnest(array[${roleNames}]) as role
    where nspname in ('todo_auth', 'todo_admin') and has_schema_privilege(role, pg_namespace.oid, 'usage')`;

/**
 * @throws DatabaseSetupError that names each way around the policies
 */
export async function verifyRowLevelSecurity(driver: Driver): Promise<void> {
  const faults = await readFaults(driver.pool);
  if (faults.length === 0) faults.push(...(await probe(driver)));
  if (faults.length > 0) {
    throw new DatabaseSetupError(
      `Users' rows are not safe from each other in this database, so nothing is served:\n${faults.map((fault) => `  ${fault}`).join('\n')}\nUndo what was changed by hand; \`todo-api migrate\` on an empty database shows how it should be.`,
    );
  }
}

/** The catalogue writes expressions and names by these settings, which a role or a database may have set otherwise. */
const spelling = `
  select set_config('IntervalStyle', 'postgres', true), set_config('quote_all_identifiers', 'off', true)`;

async function readFaults(pool: Driver['pool']): Promise<string[]> {
  // In one message, they are one transaction.
  const results = await pool.query(`${spelling}; ${faultsInCatalogue}`);
  const [, { rows }] = results as unknown as [object, { rows: { fault: string }[] }];
  return rows.map((row) => row.fault);
}

/** Reads as nobody, the way every request reads: it must be done as the role, and find nothing. */
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
        `The login may not act as ${userRole} (${(error as Error).message}). Have a superuser run "grant ${roles.join(', ')} to" that login.`,
      );
    });
  const [[{ role, found: isFound }]] = results;
  return [
    ...(role === userRole ? [] : [`statements run as ${role}, not as ${userRole}`]),
    ...(isFound === false ? [] : ['rows are seen without a user']),
  ];
}
