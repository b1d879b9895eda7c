/** The handler of the list of tags. */
import type { BoundStatement, Statement } from '../database/statement.ts';
import type { UserDatabase } from '../database/user-database.ts';
import { jsonResponse } from '../http/response/json.ts';
import { implement, type Operation } from '../http/route.ts';
import { listTagsRoute } from './routes.ts';

interface TagRow {
  readonly name: string;
  readonly task_count: number;
}

const select: Statement<TagRow[]> = {
  name: 'tags_list',
  text: `
    select tag.name, count(*) as task_count
    from todo.tags as tag
    join todo.task_tags as assigned on assigned.owner_id = tag.owner_id and assigned.tag_id = tag.id
    where tag.owner_id = $1 and assigned.owner_id = $1
    group by tag.id, tag.name
    order by tag.name`,
};

export function tagOperations(database: UserDatabase): Operation[] {
  return [
    implement(listTagsRoute, async (_input, context) => {
      const principal = context.get('principal');
      const [rows] = await database.run(principal, [listTags(principal.userId)], 'repeat');
      return jsonResponse(rows);
    }),
  ];
}

function listTags(ownerId: string): BoundStatement<TagRow[]> {
  return { statement: select, values: [ownerId] };
}
