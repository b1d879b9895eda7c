/** Proof, before anything is served, that the policies hold: a server that cannot show it does not start. */
import type pg from 'pg';
import { DatabaseSetupError } from './migrate.ts';
import { ownerPolicyName, userRole } from './schema.ts';
import type { Statement } from './statement.ts';
import { exchange } from './user-database.ts';

/** One row a fault, from the catalogues alone. */
const faultsInCatalogue = `
  with tables as (
    select c.oid, c.relname, c.relrowsecurity, c.relforcerowsecurity
    from pg_class c where c.relnamespace = 'todo'::regnamespace and c.relkind in ('r', 'p')
  )
  select 'role ' || rolname || ' is a superuser or has BYPASSRLS' as fault
    from pg_roles where rolname = '${userRole}' and (rolsuper or rolbypassrls)
  union all
  select 'role ' || rolname || ' can log in'
    from pg_roles where rolname = '${userRole}' and rolcanlogin
  union all
  select 'role ${userRole} is a member of ' || r.rolname
    from pg_auth_members m join pg_roles r on r.oid = m.roleid where m.member = '${userRole}'::regrole
  union all
  select 'table todo.' || relname || ' belongs to ${userRole}'
    from tables join pg_class using (oid, relname) where pg_class.relowner = '${userRole}'::regrole
  union all
  select 'row-level security is not enabled and forced on table todo.' || relname
    from tables where not (relrowsecurity and relforcerowsecurity)
  union all
  select 'table todo.' || relname || ' does not have the policy "${ownerPolicyName}" alone'
    from tables where (
      select array_agg(polname::text) is distinct from array['${ownerPolicyName}']
        or bool_or(not polpermissive or polcmd <> '*' or polroles <> array['${userRole}'::regrole::oid])
      from pg_policy where polrelid = tables.oid)
  union all
  select 'the policy of table todo.' || relname || ' is not about the current user'
    from tables join pg_policy on polrelid = tables.oid
    where pg_get_expr(polqual, polrelid) is distinct from pg_get_expr(polwithcheck, polrelid)
       or pg_get_expr(polqual, polrelid)
          <> '(owner_id = NULLIF(current_setting(''app.user_id''::text, true), ''''::text))'
  union all
  select 'role ${userRole} may look into schema ' || nspname
    from pg_namespace where nspname in ('todo_auth', 'todo_admin') and has_schema_privilege('${userRole}', oid, 'usage')`;

/**
 * @throws DatabaseSetupError that names each way around the policies
 */
export async function requireIsolation(pool: pg.Pool, prepare: boolean): Promise<void> {
  const { rows } = await pool.query<{ fault: string }>(faultsInCatalogue);
  const faults = rows.map((row) => row.fault);
  if (faults.length === 0) faults.push(...(await probe(pool, prepare)));
  if (faults.length > 0) {
    throw new DatabaseSetupError(
      `Users' rows are not safe from each other in this database, so nothing is served:\n${faults.map((fault) => `  ${fault}`).join('\n')}\nUndo what was changed by hand; \`todo-api migrate\` on an empty database shows how it should be.`,
    );
  }
}

/** Reads as nobody, the way every request reads: it must be done as the role, and find nothing. */
async function probe(pool: pg.Pool, prepare: boolean): Promise<string[]> {
  const tables = await pool.query<{ name: string }>(
    "select quote_ident(tablename) as name from pg_tables where schemaname = 'todo'",
  );
  const found = tables.rows.map(({ name }) => `exists (select from todo.${name})`).join(' or ');
  const statement: Statement = {
    name: 'isolation_probe',
    text: `select current_user::text as "role", (${found}) as found`,
  };
  const results = await exchange(pool, null, [{ statement, values: [] }], prepare);
  const row = results[0]?.[0];
  return [
    ...(row?.role === userRole ? [] : [`statements run as ${row?.role}, not as ${userRole}`]),
    ...(row?.found === false ? [] : ['rows are seen without a user']),
  ];
}
