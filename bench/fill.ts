/** Fills a database with tasks of many users, as if the API had been used for a long time. */
import type { QueryClient } from '../src/database/driver.ts';
import { noKey } from '../src/tasks/values.ts';

/** Words that titles and descriptions are made of: common ones first, as in any language. */
const vocabulary = [
  'buy',
  'call',
  'write',
  'plan',
  'check',
  'milk',
  'report',
  'garden',
  'invoice',
  'ticket',
  'bread',
  'letter',
  'meeting',
  'budget',
  'holiday',
  'dentist',
  'bicycle',
  'kitchen',
  'passport',
  'zeppelin',
];

export interface Filling {
  /** The user that is measured, and how many tasks they have. */
  readonly user: string;
  readonly tasks: number;
  /** How many tasks there are in all, the rest belonging to `others` users. */
  readonly total: number;
  readonly others: number;
  /** How many lists the tasks of `user` are in; without it, all tasks are in the inbox. */
  readonly lists?: number;
}

/**
 * In seconds instead of minutes: the triggers are off, so the statements compute what the triggers would. Each user has ten
 * tags.
 */
export async function fill(client: QueryClient, { user, tasks, total, others, lists = 0 }: Filling): Promise<void> {
  await client.query('set session_replication_role = replica; set synchronous_commit = off');
  await client.query(
    `insert into todo.tasks (owner_id, id, title, description, status, priority, due_date, due_time, due_time_zone,
                             completed_at, created_at, updated_at, seq, tag_names, status_rank, priority_rank,
                             due_at, due_order, due_order_descending, position, list_id, list_key, parent_key)
     select case when n <= $1 then $2 else 'other-' || (n % $4::int) end,
            gen_random_uuid(),
            w[1 + floor(20 * random() ^ 3)::int] || ' ' || w[1 + floor(20 * random() ^ 2)::int] || ' ' || n,
            case when n % 3 = 0 then 'about ' || w[1 + n % 20] end,
            status::todo.task_status,
            (array['Low', 'Medium', 'High'])[1 + n % 3]::todo.task_priority,
            day, local, zone,
            case when status = 'Done' then now() end,
            created, created, n, array['tag ' || floor(10 * random() ^ 2)::int],
            array_position(array['Todo', 'InProgress', 'Done'], status) - 1, n % 3,
            todo.due_instant(day + local, zone),
            coalesce(day + local, day - interval '1 microsecond', 'infinity'),
            coalesce(day + local, day - interval '1 microsecond', '-infinity'),
            todo.position_at(n), list, coalesce(list, no_id), no_id
     from generate_series(1, $3::int) as n,
          lateral (select case when n % 10 < 6 then 'Done' when n % 10 < 7 then 'InProgress' else 'Todo' end as status,
                          timestamptz '2024-01-01Z' + (n % 86400000) * interval '7 seconds' + random() * interval '300 days'
                            as created,
                          case when n % 2 = 0 then date '2026-01-01' + (n % 700)::int end as day,
                          case when n % 4 = 0 then time '08:00' + (n % 10) * interval '1 hour' end as local,
                          case when n % 8 = 0 then 'Europe/Rome' end as zone) as chosen,
          lateral (select case when n <= $1 and $6::int > 0 then md5('list ' || n % $6::int)::uuid end as list) as placed,
          (select $5::text[] as w, uuid '${noKey}' as no_id) as constants`,
    [tasks, user, total, others, vocabulary, lists],
  );
  await client.query(
    `insert into todo.lists (owner_id, id, name, position, task_count, seq)
     select owner_id, list_id, 'List', todo.position_at(row_number() over (order by list_id)),
            count(*) filter (where status <> 'Done'), $1 + row_number() over (order by list_id)
     from todo.tasks where list_id is not null group by owner_id, list_id`,
    [total],
  );
  await client.query(
    `insert into todo.heads (owner_id, seq, tasks, tags, lists)
     select owner_id, max(seq) + count(distinct list_id), count(*), 10, count(distinct list_id)
     from todo.tasks group by owner_id`,
  );
  await client.query(
    `insert into todo.task_words (owner_id, task_id, word, in_title)
     select distinct owner_id, id, word, true from todo.tasks, unnest(string_to_array(title, ' ')) as word
     union all
     select distinct owner_id, id, word, false from todo.tasks, unnest(string_to_array(description, ' ')) as word`,
  );
  await client.query(
    `insert into todo.tags (owner_id, name, key)
     select owner_id, 'tag ' || n, 'tag ' || n from (select distinct owner_id from todo.tasks) as owners, generate_series(0, 9) as n`,
  );
  await client.query(
    `insert into todo.task_tags (owner_id, task_id, tag_id)
     select tasks.owner_id, tasks.id, tags.id
     from todo.tasks join todo.tags on tags.owner_id = tasks.owner_id
      and tags.name = tasks.tag_names[1]`,
  );
  await client.query('reset session_replication_role; reset synchronous_commit');
  await client.query('vacuum analyze');
}

/** The number of tasks that `moveToLargeList` leaves in the inbox. */
export const tasksInInbox = 5;

/**
 * Moves half of a user's tasks to one of their lists, and five to the inbox, without triggers. The other lists keep some tasks.
 *
 * @returns the id of the large list
 */
export async function moveToLargeList(client: QueryClient, user: string): Promise<string> {
  const { rows } = await client.query<{ id: string }>('select id from todo.lists where owner_id = $1 order by id', [
    user,
  ]);
  const large = rows[0]?.id as string;
  await client.query('set session_replication_role = replica');
  const move = (list: string | null, condition: string) =>
    client.query(
      `update todo.tasks set list_id = $2::uuid, list_key = coalesce($2::uuid, '${noKey}') where owner_id = $1 and ${condition}`,
      [user, list],
    );
  await move(large, 'hashtext(id::text) % 2 = 0');
  await move(null, `seq <= ${tasksInInbox}`);
  await client.query('reset session_replication_role');
  await client.query('vacuum analyze todo.tasks');
  return large;
}
