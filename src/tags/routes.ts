/** The operations on tags: the source of their validation and their documentation. */
import { z } from 'zod';
import { defineRoute } from '../http/route.ts';
import { tagName } from '../tasks/schemas.ts';

export const listTagsRoute = defineRoute({
  id: 'listTags',
  method: 'get',
  path: '/api/v1/tags',
  tag: 'Tags',
  summary: 'List tags',
  description: 'The user’s tags that are in use, by name.',
  token: 'tasks:read',
  request: {},
  responses: {
    200: {
      description: 'The tags.',
      schema: z.array(
        z
          .strictObject({
            name: tagName,
            task_count: z.int().min(1).meta({ description: 'How many tasks have it.', example: 3 }),
          })
          .meta({ id: 'Tag' }),
      ),
    },
  },
  problems: [],
});
