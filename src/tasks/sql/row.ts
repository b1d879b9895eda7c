/** Tasks as the database gives them. */
import { type DueColumns, dueOf } from '../due/due.ts';
import type { Task } from '../schemas.ts';

export interface TaskRow extends DueColumns {
  readonly id: string;
  readonly owner_id: string;
  readonly title: string;
  readonly description: string | null;
  readonly status: Task['status'];
  readonly priority: Task['priority'];
  readonly tags: string[];
  readonly due_at: string | null;
  readonly completed_at: string | null;
  readonly version: number;
  readonly created_at: string;
  readonly updated_at: string;
}

/** The columns of a `TaskRow`, selected from `todo.tasks as tasks`. */
export const taskColumns = `
  tasks.id, tasks.owner_id, tasks.title, tasks.description, tasks.status, tasks.priority,
  array(
    select tag.name
    from todo.task_tags as assigned
    join todo.tags as tag on tag.owner_id = assigned.owner_id and tag.id = assigned.tag_id
    where assigned.owner_id = tasks.owner_id and assigned.task_id = tasks.id
    order by tag.name
  ) as tags,
  tasks.due_date, tasks.due_time, tasks.due_time_zone, tasks.due_at,
  tasks.completed_at, tasks.version, tasks.created_at, tasks.updated_at`;

export function toTask(row: TaskRow): Task {
  return {
    id: row.id,
    owner_id: row.owner_id,
    title: row.title,
    description: row.description,
    status: row.status,
    priority: row.priority,
    tags: row.tags,
    due: dueOf(row),
    due_at: row.due_at,
    completed_at: row.completed_at,
    version: row.version,
    created_at: row.created_at,
    updated_at: row.updated_at,
  };
}
