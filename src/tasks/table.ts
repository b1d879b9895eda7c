/** The tables of tasks, of their tags, and of their words for search. */
import { sql } from 'drizzle-orm';
import {
  type AnyPgColumn,
  bigint,
  boolean,
  check,
  customType,
  date,
  foreignKey,
  index,
  integer,
  primaryKey,
  smallint,
  text,
  time,
  timestamp,
  unique,
  uuid,
} from 'drizzle-orm/pg-core';
import { bytewiseText, ownerPolicy, todoSchema } from '../database/schema/definitions.ts';
import { lists } from '../lists/table.ts';
import { missedDays, origins } from './recurrence/next-occurrence.ts';
import { priorities, statuses } from './values.ts';

export const taskStatus = todoSchema.enum('task_status', statuses);
export const taskPriority = todoSchema.enum('task_priority', priorities);
export const recurrenceFrom = todoSchema.enum('recurrence_from', origins);
export const recurrenceMissed = todoSchema.enum('recurrence_missed', missedDays);

/** Text in the alphabetical order of Unicode's root collation. */
const sortedText = customType<{ data: string }>({ dataType: () => 'text collate "und-x-icu"' });

/**
 * The triggers `write_task` and `delete_task` of the migration `task_triggers` compute derived columns, check tasks, and
 * number and record their changes. PostgreSQL would parse and plan generated columns and checks again for each write.
 *
 * A rank is the index of a value in its enum. Under row-level security, only leakproof comparisons can use an index (the
 * manual's section "Rules and Privileges"). Comparisons of integers are leakproof; comparisons of enums are not.
 */
export const tasks = todoSchema.table(
  'tasks',
  {
    ownerId: text('owner_id').notNull(),
    id: uuid().notNull(),
    title: sortedText().notNull(),
    description: text(),
    status: taskStatus().notNull().default('Todo'),
    statusRank: smallint('status_rank').notNull(),
    priority: taskPriority().notNull().default('Medium'),
    priorityRank: smallint('priority_rank').notNull(),
    /** Null for the inbox. */
    listId: uuid('list_id'),
    /** The task that this one is a subtask of. */
    parentId: uuid('parent_id'),
    /** The order among the tasks with the same list and parent (`resource/position.ts`). */
    position: bytewiseText().notNull(),
    /** The list as a sort value: `noKey` for the inbox. */
    listKey: uuid('list_key').notNull(),
    /** The parent as a sort value: `noKey` for a task without one. */
    parentKey: uuid('parent_key').notNull(),
    dueDate: date('due_date'),
    dueTime: time('due_time'),
    dueTimeZone: text('due_time_zone'),
    /** The instant of a due date with a time zone; null for the other kinds. */
    dueAt: timestamp('due_at', { withTimezone: true }),
    /** The sort value of a due date: a day comes before its times. Without a due date it is infinite. */
    dueOrder: timestamp('due_order').notNull(),
    /** The same for descending sorts, in which tasks without a due date also come last. */
    dueOrderDescending: timestamp('due_order_descending').notNull(),
    /** The rule in its canonical form. The five columns of a recurrence are null for a task that does not recur. */
    recurrenceRule: text('recurrence_rule'),
    recurrenceFrom: recurrenceFrom('recurrence_from'),
    recurrenceMissed: recurrenceMissed('recurrence_missed'),
    /** The due day at which the recurrence was set: its rule counts from there. */
    recurrenceAnchor: date('recurrence_anchor'),
    /**
     * The rule's own day for this occurrence. The next occurrence follows this day, because a user can postpone one
     * occurrence (`due_date`) without moving the series.
     */
    recurrenceDay: date('recurrence_day'),
    /** Equal for all occurrences of a recurring task. It stays when the recurrence ends. */
    seriesId: uuid('series_id'),
    /** The names of the task's tags, sorted. Triggers compare them with `task_tags`. */
    tagNames: text('tag_names').array().notNull().default(sql`'{}'`),
    completedAt: timestamp('completed_at', { withTimezone: true }),
    version: integer().notNull().default(1),
    /** The number of the last change (`heads.seq`). */
    seq: bigint({ mode: 'number' }).notNull(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().default(sql`statement_timestamp()`),
    updatedAt: timestamp('updated_at', { withTimezone: true }).notNull().default(sql`statement_timestamp()`),
  },
  (table) => [
    // Per owner, so that ids of different users neither collide nor reveal each other.
    primaryKey({ columns: [table.ownerId, table.id] }),
    // One index per sort. It also serves the descending sort.
    index('tasks_by_created_at').on(table.ownerId, table.createdAt, table.id),
    index('tasks_by_updated_at').on(table.ownerId, table.updatedAt, table.id),
    index('tasks_by_title').on(table.ownerId, table.title, table.id),
    index('tasks_by_status').on(table.ownerId, table.statusRank, table.id),
    index('tasks_by_priority').on(table.ownerId, table.priorityRank, table.id),
    index('tasks_by_due').on(table.ownerId, table.dueOrder, table.id),
    index('tasks_by_due_descending').on(table.ownerId, table.dueOrderDescending, table.id),
    index('tasks_by_position').on(table.ownerId, table.listKey, table.parentKey, table.position, table.id),
    // For the foreign key: the subtasks of a deleted task.
    index('tasks_by_parent').on(table.ownerId, table.parentId).where(sql`parent_id is not null`),
    unique('tasks_seq').on(table.ownerId, table.seq),
    foreignKey({
      name: 'tasks_list',
      columns: [table.ownerId, table.listId],
      foreignColumns: [lists.ownerId, lists.id],
    }),
    // The subtasks of a deleted task are deleted with it.
    foreignKey({
      name: 'tasks_parent',
      columns: [table.ownerId, table.parentId],
      foreignColumns: [table.ownerId, table.id] as [AnyPgColumn, AnyPgColumn],
    }).onDelete('cascade'),
    ownerPolicy(table.ownerId),
  ],
);

export const tags = todoSchema.table(
  'tags',
  {
    ownerId: text('owner_id').notNull(),
    id: uuid().notNull().defaultRandom(),
    name: sortedText().notNull(),
    /** Equal for spellings of the same tag (`tag-key.ts`). */
    key: bytewiseText().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.ownerId, table.id] }),
    unique('tags_one_spelling').on(table.ownerId, table.key),
    check('tags_name_length', sql`char_length(${table.name}) between 1 and 50`),
    ownerPolicy(table.ownerId),
  ],
);

export const taskTags = todoSchema.table(
  'task_tags',
  {
    ownerId: text('owner_id').notNull(),
    taskId: uuid('task_id').notNull(),
    tagId: uuid('tag_id').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.ownerId, table.taskId, table.tagId] }),
    index('task_tags_by_tag').on(table.ownerId, table.tagId, table.taskId),
    foreignKey({ columns: [table.ownerId, table.taskId], foreignColumns: [tasks.ownerId, tasks.id] }).onDelete(
      'cascade',
    ),
    foreignKey({ columns: [table.ownerId, table.tagId], foreignColumns: [tags.ownerId, tags.id] }).onDelete('cascade'),
    ownerPolicy(table.ownerId),
  ],
);

/**
 * The words of each task (`search/words.ts`): a search index that queries can use under row-level security. The trigger
 * `delete_task` deletes them with the task. A foreign key would check each word.
 */
export const taskWords = todoSchema.table(
  'task_words',
  {
    ownerId: text('owner_id').notNull(),
    taskId: uuid('task_id').notNull(),
    word: bytewiseText().notNull(),
    /** Whether the title has the word; false for the description. */
    inTitle: boolean('in_title').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.ownerId, table.taskId, table.word, table.inTitle] }),
    index('task_words_by_word').on(table.ownerId, table.word, table.taskId),
    ownerPolicy(table.ownerId),
  ],
);
