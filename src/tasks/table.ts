/** The table of tasks. */
import { sql } from 'drizzle-orm';
import { check, index, integer, primaryKey, text, timestamp, uuid } from 'drizzle-orm/pg-core';
import { ownerPolicy, todoSchema } from '../database/schema.ts';

export const statuses = ['Todo', 'InProgress', 'Done'] as const;
export const priorities = ['Low', 'Medium', 'High'] as const;

/** In the order of their values, so that sorting by the column sorts as the contract lists them. */
export const taskStatus = todoSchema.enum('task_status', statuses);
export const taskPriority = todoSchema.enum('task_priority', priorities);

export const tasks = todoSchema.table(
  'tasks',
  {
    ownerId: text('owner_id').notNull(),
    id: uuid().notNull(),
    title: text().notNull(),
    description: text(),
    status: taskStatus().notNull().default('Todo'),
    priority: taskPriority().notNull().default('Medium'),
    completedAt: timestamp('completed_at', { withTimezone: true }),
    version: integer().notNull().default(1),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    updatedAt: timestamp('updated_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    // Per owner, so that one user's ids can neither collide with another's nor tell of them.
    primaryKey({ columns: [table.ownerId, table.id] }),
    index('tasks_by_created_at').on(table.ownerId, table.createdAt, table.id),
    index('tasks_by_updated_at').on(table.ownerId, table.updatedAt, table.id),
    check('tasks_owner_id_length', sql`char_length(${table.ownerId}) between 1 and 255`),
    check('tasks_title_length', sql`char_length(${table.title}) between 1 and 255`),
    check('tasks_description_length', sql`char_length(${table.description}) <= 10000`),
    check('tasks_completed_when_done', sql`(${table.status} = 'Done') = (${table.completedAt} is not null)`),
    check('tasks_version_positive', sql`${table.version} >= 1`),
    check('tasks_updated_after_created', sql`${table.updatedAt} >= ${table.createdAt}`),
    ownerPolicy(table.ownerId),
  ],
);
