/** The statements of an erasure. With the setting of the first one, triggers record no deletions. */
import type { BoundStatement, Statement } from '../database/statement.ts';
import { limitedResources } from '../vocabulary.ts';

/** Rows of a table that one transaction erases, by table, in the order in which foreign keys allow it. */
const maxRows = {
  task_words: 200_000,
  task_tags: 100_000,
  // Most of the time: PostgreSQL looks for the subtasks and the tags of each task.
  tasks: 20_000,
  tags: 20_000,
  // PostgreSQL looks for the tasks of each list, also among the tasks that were just erased.
  lists: 100,
  deleted: 50_000,
  changes: 50_000,
  idempotency_keys: 10_000,
} as const;

/** Every table with rows of users, except for `heads`, which the last statement erases. */
const tables = [...Object.keys(maxRows), 'tokens'];

/** The tasks of a list are erased before it. */
const conditions: Readonly<Record<string, string>> = {
  lists: 'and not exists (select from todo.tasks where owner_id = $1)',
};

const erase = Object.entries(maxRows).map(([table, limit]) => {
  const statement: Statement = {
    name: `erase_${table}`,
    text: `
      delete from todo.${table} where owner_id = $1 and ctid = any (array(
        select ctid from todo.${table} where owner_id = $1 ${conditions[table] ?? ''} limit ${limit}
      ))`,
  };
  return statement;
});

const start: Statement = { name: 'erasure_start', text: `select set_config('app.erasing', 'true', true)` };

const tokens: Statement<{ readonly id: string }[]> = {
  name: 'erase_tokens',
  text: 'delete from todo.tokens where owner_id = $1 returning id',
};

/** The head gets a new epoch even if rows are left, so that no client continues with a copy of the erased rows. */
const finish: Statement<[{ readonly has_more: boolean }]> = {
  name: 'erasure_finish',
  text: `
    with rest as materialized (
      select ${tables.map((table) => `exists (select from todo.${table} where owner_id = $1)`).join('\n        or ')} as has_more
    ), kept as (
      update todo.heads set epoch = gen_random_uuid(),
        ${limitedResources.map((name) => `${name} = (select count(*) from todo.${name} where owner_id = $1)`).join(',\n        ')}
      where owner_id = $1 and (select has_more from rest)
    ), removed as (
      delete from todo.heads where owner_id = $1 and not (select has_more from rest)
    )
    select has_more from rest`,
};

/** Precedes the other statements of an erasure. */
export const startErasure: BoundStatement = { statement: start, values: [] };

/** Erases a limited number of rows of each table. */
export function eraseRows(ownerId: string): BoundStatement[] {
  return erase.map((statement) => ({ statement, values: [ownerId] }));
}

/** Erases the API tokens, and returns their ids. */
export function eraseTokens(ownerId: string): BoundStatement<{ readonly id: string }[]> {
  return { statement: tokens, values: [ownerId] };
}

/** Erases the change numbers if nothing else is left. */
export function finishErasure(ownerId: string): BoundStatement<[{ readonly has_more: boolean }]> {
  return { statement: finish, values: [ownerId] };
}
