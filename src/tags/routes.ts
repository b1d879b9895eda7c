/** The routes of tags: the source of their validation, their types and their documentation. */
import { z } from 'zod';
import { defineRoute } from '../http/route.ts';
import { tagName } from '../tasks/schemas.ts';

export const listTagsRoute = defineRoute({
  id: 'listTags',
  method: 'get',
  path: '/api/v1/tags',
  tag: 'Tags',
  summary: 'List tags',
  description: 'The tags of the user’s tasks, sorted by name.',
  token: 'tasks:read',
  request: {},
  responses: {
    200: {
      description: 'The tags.',
      schema: z.array(
        z
          .strictObject({
            name: tagName,
            task_count: z.int().min(1).meta({ description: 'Number of tasks with the tag.', example: 3 }),
          })
          .meta({ id: 'Tag' }),
      ),
    },
  },
  problems: [],
});
