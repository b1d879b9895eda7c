/** The tools that find and read tasks. */
import { z } from 'zod';
import { maxRepeats } from '../../http/request/parameters.ts';
import { timestampParameter } from '../../http/request/timestamp.ts';
import { resourceId } from '../../resource/schemas.ts';
import { calendarDate, supportedTimeZone } from '../../tasks/due/due.ts';
import { dueFilter, listName, parentName, searchedWords, sorts } from '../../tasks/list-parameters.ts';
import { priority, status, type Task, tagName } from '../../tasks/schemas.ts';
import {
  cursor,
  limit,
  nextCursor,
  nextStep,
  pageSizes,
  summaryOf,
  taskSummary,
  wholeTask,
  wholeTaskOf,
} from './results.ts';
import { defineTool, type ToolContext, targetOf } from './tool.ts';

const anyOf = <Item extends z.ZodType>(item: Item, description: string) =>
  z.array(item).min(1, 'must not be empty').max(maxRepeats).optional().meta({ description });

export const findTasks = defineTool({
  name: 'find_tasks',
  title: 'Find tasks',
  description:
    'Finds tasks of the user by words, due date, list, tag, status or priority. Without status, it finds open tasks only. All filters must match.',
  scope: 'tasks:read',
  isIdempotent: true,
  input: z.strictObject({
    search: searchedWords.optional().meta({
      description: 'Words or their beginnings, all of which the title or the description has.',
    }),
    status: anyOf(status, 'Any of these. Default: Todo and InProgress, or Done with a filter of the completion.'),
    priority: anyOf(priority, 'Any of these.'),
    tags: anyOf(tagName, 'Any of these.'),
    list_ids: anyOf(listName, 'In any of these lists: an id from find_lists, or inbox.'),
    parent_id: parentName.optional().meta({ description: 'Subtasks of this task; none for tasks at the top level.' }),
    due: dueFilter.optional().meta({
      description:
        'Relative to today in time_zone. week: today and the next six days. none, any: without and with a due date.',
    }),
    due_from: calendarDate.optional().meta({ description: 'Due on this day or later.' }),
    due_to: calendarDate.optional().meta({ description: 'Due on this day or earlier.' }),
    time_zone: supportedTimeZone.optional().meta({
      description: 'The time zone of the user for all filters by due date, such as Europe/Rome. Default: UTC.',
    }),
    completed_from: timestampParameter('Completed at this instant or later.'),
    completed_to: timestampParameter('Completed before this instant.'),
    created_from: timestampParameter('Created at this instant or later.'),
    updated_from: timestampParameter(
      'Last changed at this instant or later. Pass every status to also find those that are Done.',
    ),
    sort: z
      .enum(sorts)
      .optional()
      .meta({ description: 'A minus sign means descending. Default: due, tasks without a due date last.' }),
    limit,
    cursor,
  }),
  output: z.looseObject({ tasks: z.array(taskSummary), next_cursor: nextCursor, next_step: nextStep }),
  async run({ search, tags, list_ids, ...filters }, context) {
    const isAboutCompletion = filters.completed_from !== undefined || filters.completed_to !== undefined;
    const target = targetOf('/api/v1/tasks', {
      status: isAboutCompletion ? ['Done'] : ['Todo', 'InProgress'],
      sort: 'due',
      limit: pageSizes.default,
      ...filters,
      q: search,
      tag: tags,
      list_id: list_ids,
    });
    const { body, nextCursor } = await context.send<Task[]>({ method: 'GET', target });
    const tasks = (body ?? []).map(summaryOf);
    return {
      tasks,
      ...(nextCursor !== undefined && { next_cursor: nextCursor }),
      next_step: stepAfter(tasks.length, nextCursor !== undefined, context),
    };
  },
});

function stepAfter(found: number, hasMore: boolean, { canWrite }: ToolContext): string {
  if (hasMore) return 'There are more: repeat the call with this next_cursor as cursor, or narrow the filters.';
  if (found === 0) return 'No task matches. Remove a filter; done tasks are found only with status Done.';
  return canWrite
    ? 'Pass the ids to get_task, or to a tool that changes tasks.'
    : 'Pass an id to get_task for all of its fields.';
}

export const getTask = defineTool({
  name: 'get_task',
  title: 'Read a task',
  description: 'Reads one task with its whole description.',
  scope: 'tasks:read',
  isIdempotent: true,
  input: z.strictObject({ id: resourceId.meta({ description: 'From find_tasks.' }) }),
  output: z.looseObject({ task: wholeTask, next_step: nextStep }),
  async run({ id }, { send }) {
    const { body } = await send<Task>({ method: 'GET', target: `/api/v1/tasks/${id}` });
    return {
      task: wholeTaskOf(body as Task),
      next_step: 'find_tasks with this id as parent_id has its subtasks; task_history has its changes.',
    };
  },
});
