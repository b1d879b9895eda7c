/** The tools for lists of tasks. */
import { z } from 'zod';
import { type List, listCreate } from '../../lists/schemas.ts';
import { resourceId } from '../../resource/schemas.ts';
import { changeSet, listSummary, listSummaryOf, nextStep } from './results.ts';
import { defineTool } from './tool.ts';

/** Maximum number of lists in a result. A user can have many more. */
export const maxListsPerCall = 100;

export const findLists = defineTool({
  name: 'find_lists',
  title: 'Find lists',
  description: 'The lists of the user, with the number of open tasks in each. The inbox is not one of them.',
  scope: 'tasks:read',
  isIdempotent: true,
  input: z.strictObject({
    name: z.string().optional().meta({ description: 'A part of the name, in any case.' }),
    include_archived: z.boolean().optional().meta({ description: 'Default: false.' }),
  }),
  output: z.looseObject({ lists: z.array(listSummary), next_step: nextStep }),
  async run({ name = '', include_archived = false }, { send, canWrite }) {
    const { body } = await send<List[]>({ method: 'GET', target: '/api/v1/lists' });
    const matching = (body ?? []).filter(
      (list) => (include_archived || !list.archived) && list.name.toLowerCase().includes(name.toLowerCase()),
    );
    const left = matching.length - maxListsPerCall;
    return {
      lists: matching.slice(0, maxListsPerCall).map(listSummaryOf),
      next_step: stepAfter(matching.length, left, canWrite),
    };
  },
});

function stepAfter(found: number, left: number, canWrite: boolean): string {
  if (left > 0) return `${left} more lists match: pass a part of the name.`;
  if (found > 0) return 'Pass an id to find_tasks in list_ids, or as the list_id of a task.';
  return canWrite ? 'No list matches. save_list adds one.' : 'No list matches.';
}

const { name, color, archived } = listCreate.shape;

export const saveList = defineTool({
  name: 'save_list',
  title: 'Add or change a list',
  description:
    'Adds a list, or changes the list with the id: its name, its color, or whether it is archived. Look for the name with find_lists first: two lists can have the same name.',
  scope: 'tasks:write',
  isIdempotent: false,
  input: z.strictObject({
    id: resourceId.optional().meta({ description: 'The list to change, from find_lists. Absent for a new list.' }),
    name: name.optional().meta({ description: 'The name. A new list needs one.' }),
    color: color.unwrap().optional().meta({ description: 'Such as #1e90ff; null for none.' }),
    archived: archived.unwrap().optional().meta({ description: 'Whether clients show it apart from the other lists.' }),
  }),
  output: z.looseObject({ change_set: changeSet, list: listSummary.optional(), next_step: nextStep }),
  async run({ id, ...fields }, { send }) {
    const { body, changeSet } = await send<List>(
      id === undefined
        ? { method: 'POST', target: '/api/v1/lists', body: fields }
        : { method: 'PATCH', target: `/api/v1/lists/${id}`, body: fields },
    );
    return {
      change_set: changeSet,
      ...(body && { list: listSummaryOf(body) }),
      next_step:
        'Use its id as the list_id of tasks in add_tasks and update_tasks. Call undo with this change_set to reverse it.',
    };
  },
});
