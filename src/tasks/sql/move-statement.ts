/** The statement that moves a task to a place among siblings. */
import { placeParameters } from '../../resource/place.ts';
import { type AllowedVersions, isAllowed } from '../../resource/preconditions.ts';
import { type BoundOutcomeStatement, type OutcomeStatement, outcomeStatement } from '../../resource/write-statement.ts';
import type { TaskMove } from '../schemas.ts';
import { noKey } from '../values.ts';
import { type ChangedRows, isTask } from './columns.ts';
import { taskColumns } from './row.ts';

const allowed = isAllowed('tasks.version', '$3');
const keyOf = (column: string) => `coalesce(destination.${column}, '${noKey}')`;

/** `todo.find_position` gives other tasks new positions if there is none between the siblings. */
const move: OutcomeStatement<ChangedRows> = outcomeStatement('tasks_move', {
  parameters: 9,
  with: [
    `destination as (
      select
        case
          when $4::boolean then $5::uuid
          when neighbour.id is not null then neighbour.list_id
          when parent.id is not null then parent.list_id
          else tasks.list_id
        end as list_id,
        case
          when $6::boolean then $7::uuid
          when neighbour.id is not null then neighbour.parent_id
          else tasks.parent_id
        end as parent_id
      from todo.tasks as tasks
      left join todo.tasks as neighbour on neighbour.owner_id = $1 and neighbour.id = $9::uuid
      left join todo.tasks as parent on parent.owner_id = $1 and parent.id = $7::uuid
      where ${isTask} and ${allowed}
    )`,
    `updated as (
      update todo.tasks as tasks
      set list_id = destination.list_id, parent_id = destination.parent_id,
          position = todo.find_position(
            $1, $2::uuid, ${keyOf('list_id')}, ${keyOf('parent_id')}, $8, $9::uuid,
            case
              when (tasks.list_id, tasks.parent_id) is not distinct from (destination.list_id, destination.parent_id)
              then tasks.position
            end
          )
      from destination
      where ${isTask} and ${allowed}
      returning tasks.*
    )`,
  ],
  select: `
    select ${taskColumns}, true as is_allowed from updated as tasks
    union all
    select ${taskColumns}, ${allowed} from todo.tasks as tasks where ${isTask} and not exists (select from updated)`,
});

/** Moves nothing unless the version is allowed. */
export function moveTask(
  ownerId: string,
  id: string,
  { list_id, parent_id, ...place }: TaskMove,
  versions: AllowedVersions,
): BoundOutcomeStatement<ChangedRows> {
  return {
    statement: move,
    values: [
      ...[ownerId, id, versions],
      ...[list_id !== undefined, list_id ?? null, parent_id !== undefined, parent_id ?? null],
      ...placeParameters(place),
    ],
  };
}
