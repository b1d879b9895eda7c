/** The tools that add and change tasks. Each call is one batch, so it is one change set: all of it happens, or nothing. */
import { z } from 'zod';
import { resourceId } from '../../resource/schemas.ts';
import { supportedTimeZone } from '../../tasks/due/due.ts';
import { type Task, taskCreate, taskPatch } from '../../tasks/schemas.ts';
import { changeSet, knownTask, nextStep, summaryOf } from './results.ts';
import { defineTool, type ToolContext, targetOf } from './tool.ts';

/** Maximum number of tasks per call. */
export const maxTasksPerCall = 50;

const timeZone = supportedTimeZone.optional().meta({
  description: 'The time zone of the user. It decides which day is today for a recurring task. Default: UTC.',
});

const ids = z
  .array(resourceId)
  .min(1, 'must not be empty')
  .max(maxTasksPerCall)
  .meta({ description: 'Ids from find_tasks.' });

/** The writable fields, except for the id and the position: an agent has no use for them. */
const { id: _, position: _position, ...newFields } = taskCreate.shape;
const { position: _changedPosition, ...changedFields } = taskPatch.shape;

const output = z.looseObject({
  change_set: changeSet,
  tasks: z
    .array(knownTask)
    .optional()
    .meta({ description: 'The tasks after the change; absent if the token must not read.' }),
  next_step: nextStep,
});

/** Runs a batch of operations on tasks. */
async function runBatch(
  { send }: ToolContext,
  operations: readonly object[],
  timeZone: string | undefined,
  nextStepAfter: (tasks: readonly Task[]) => string = () => '',
): Promise<z.input<typeof output>> {
  const { body, changeSet } = await send<{ results: readonly { task?: Task }[] }>({
    method: 'POST',
    target: targetOf('/api/v1/tasks/batch', { time_zone: timeZone }),
    body: { operations },
  });
  const tasks = body?.results.flatMap(({ task }) => task ?? []);
  return {
    change_set: changeSet,
    ...(tasks && tasks.length > 0 && { tasks: tasks.map(summaryOf) }),
    next_step: `${nextStepAfter(tasks ?? [])}Call undo with this change_set to reverse it.`,
  };
}

export const addTasks = defineTool({
  name: 'add_tasks',
  title: 'Add tasks',
  description:
    'Adds one task or several, all or none of them. Look for existing tasks with find_tasks first if they might be there already.',
  scope: 'tasks:write',
  isIdempotent: false,
  operations: 'tasks',
  input: z.strictObject({
    tasks: z
      .array(z.strictObject(newFields))
      .min(1, 'must not be empty')
      .max(maxTasksPerCall)
      .meta({ description: 'The new tasks.' }),
  }),
  output,
  run: ({ tasks }, context) =>
    runBatch(
      context,
      tasks.map((task) => ({ op: 'create', task })),
      undefined,
    ),
});

export const updateTasks = defineTool({
  name: 'update_tasks',
  title: 'Change tasks',
  description:
    'Changes fields of tasks, all or none of them. Fields that are left out keep their values, and null clears a field. tags replaces all tags of a task. To complete tasks, use complete_tasks.',
  scope: 'tasks:write',
  isIdempotent: true,
  operations: 'changes',
  input: z.strictObject({
    changes: z
      .array(
        z
          .strictObject({ id: resourceId, ...changedFields })
          .partial()
          .required({ id: true }),
      )
      .min(1, 'must not be empty')
      .max(maxTasksPerCall)
      .meta({ description: 'The id of each task, and its new fields.' }),
    time_zone: timeZone,
  }),
  output,
  run: ({ changes, time_zone }, context) =>
    runBatch(
      context,
      changes.map(({ id, ...patch }) => ({ op: 'update', id, patch })),
      time_zone,
    ),
});

export const completeTasks = defineTool({
  name: 'complete_tasks',
  title: 'Complete tasks',
  description:
    'Marks tasks as Done, with their open subtasks. A recurring task stays Done, and its next occurrence is a new task.',
  scope: 'tasks:write',
  isIdempotent: true,
  operations: 'ids',
  input: z.strictObject({ ids, time_zone: timeZone }),
  output,
  run: (args, context) =>
    runBatch(
      context,
      args.ids.map((id) => ({ op: 'update', id, patch: { status: 'Done' } })),
      args.time_zone,
      (tasks) =>
        tasks.some(({ series_id }) => series_id !== null)
          ? 'The next occurrence of a recurring task is open: find_tasks has it. '
          : '',
    ),
});

export const trashTasks = defineTool({
  name: 'trash_tasks',
  title: 'Move tasks to the trash',
  description:
    'Moves tasks and their subtasks to the trash, all or none of them. Nothing is deleted permanently. A task that is done should be completed instead.',
  scope: 'tasks:write',
  isIdempotent: false,
  needsTrash: true,
  operations: 'ids',
  input: z.strictObject({ ids }),
  output,
  run: (args, context) =>
    runBatch(
      context,
      args.ids.map((id) => ({ op: 'delete', id })),
      undefined,
    ),
});
