/** The schema `plain`: the tasks of `todo.tasks` in a table without tags, history, search index and constraints. */
import type { QueryClient } from '../../src/database/driver.ts';
import { userRole } from '../../src/database/schema/roles.ts';

export const columns = 'owner, id, title, description, status, priority, version, created_at, updated_at';

export const newestFirst = 'order by created_at desc, id desc';

/** Creates `plain.tasks` and fills it from `todo.tasks`. */
export async function createPlainTable(client: QueryClient): Promise<void> {
  await client.query(`
    create schema plain;
    create table plain.tasks (
      owner text not null,
      id uuid not null default gen_random_uuid(),
      title text not null,
      description text,
      status text not null default 'Todo',
      priority text not null default 'Medium',
      version integer not null default 1,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      primary key (owner, id)
    );
    create index tasks_by_created_at on plain.tasks (owner, created_at, id);
    insert into plain.tasks (${columns})
    select owner_id, id, title, description, status, priority, version, created_at, updated_at from todo.tasks`);
}

/** Creates `plain.tasks_under_policy`, a copy of `plain.tasks` with the policy of the API's tables. */
export async function createTableUnderPolicy(client: QueryClient): Promise<void> {
  await client.query(`
    create table plain.tasks_under_policy (like plain.tasks including all);
    insert into plain.tasks_under_policy (${columns}) select ${columns} from plain.tasks;
    alter table plain.tasks_under_policy enable row level security;
    create policy owner_only on plain.tasks_under_policy to ${userRole}
      using (owner = nullif(current_setting('app.user_id', true), ''));
    grant usage on schema plain to ${userRole};
    grant select on plain.tasks_under_policy to ${userRole}`);
}
