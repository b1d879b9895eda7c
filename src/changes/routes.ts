/** The routes of changes: the source of their validation, their types and their documentation. */
import { z } from 'zod';
import { wholeNumber } from '../http/request/parameters.ts';
import { defineRoute } from '../http/route.ts';
import { pageLimits, resourceId, version } from '../resource/schemas.ts';
import { syncedResources } from './resources.ts';

/** Maximum number of changes on a page. */
export const maxChanges = 500;

/** Maximum time in seconds that a request waits for a change. Many proxies close silent connections after 60 s. */
export const maxWaitSeconds = 30;

const types = syncedResources.map((resource) => resource.type);

const type = z.enum(types).meta({ id: 'ResourceType', description: 'The kind of a resource.', example: types[0] });

const put = z
  .strictObject({
    type,
    op: z.literal('put'),
    ...Object.fromEntries(
      syncedResources.map((resource) => [
        resource.type,
        resource.schema.optional().meta({ description: `The resource, if \`type\` is \`${resource.type}\`.` }),
      ]),
    ),
  })
  .meta({ id: 'PutChange', description: 'A resource that was created, changed or restored, in its current state.' });

const remove = z
  .strictObject({
    type,
    op: z.literal('remove'),
    id: resourceId,
    version: version.meta({ description: 'The version of the deletion.', example: 7 }),
  })
  .meta({ id: 'RemoveChange', description: 'A resource that was deleted.' });

const change = z.discriminatedUnion('op', [put, remove]).meta({
  id: 'Change',
  description: 'The current state of a resource that changed.',
  discriminator: {
    propertyName: 'op',
    mapping: { put: '#/components/schemas/PutChange', remove: '#/components/schemas/RemoveChange' },
  },
});

export const changes = z
  .strictObject({
    reset: z.boolean().meta({
      description:
        'Whether the cursor can no longer be served. Then discard your copy; this is the first page of a snapshot.',
      example: false,
    }),
    changes: z.array(change).meta({ description: 'The changes, in the order of their commits.' }),
    cursor: z.string().meta({
      description: 'The position after this page, for `since`.',
      example: 'TToAmGsZGNWgM8j9WyJkOWY3ZjM2Yi03ZDlhLTRmMmUtOWM3YS0xYjJjM2Q0ZTVmNjAiLDQyXQ',
    }),
    has_more: z.boolean().meta({
      description: 'Whether there are more changes. Once it is false, your copy is the state at `cursor`.',
      example: false,
    }),
  })
  .meta({ id: 'Changes', description: 'A page of changes.' });

export const listChangesRoute = defineRoute({
  id: 'listChanges',
  method: 'get',
  path: '/api/v1/changes',
  tag: 'Changes',
  summary: 'Read changes',
  description:
    'Without `since`, a snapshot: every resource of the user, page by page. With it, every resource that changed after that position, once, in its current state. No committed change is omitted. A change can be repeated: keep the greater `version`. Apply each page and store its `cursor`; read on at once if `has_more` is true. A page can have fewer changes than `limit` although there are more: it ends at 1 MiB of text.',
  token: 'tasks:read',
  request: {
    query: z.strictObject({
      since: z
        .string()
        .max(pageLimits.cursor, 'is not a cursor of this server')
        .optional()
        .meta({ description: 'The `cursor` of the previous page. Omit it to start with a snapshot.' }),
      limit: wholeNumber(1, maxChanges, pageLimits.defaultLimit, 'Maximum number of changes on the page.'),
      wait: wholeNumber(
        0,
        maxWaitSeconds,
        0,
        'Seconds to wait if there is no change after `since`. The response comes at the first change.',
      ),
    }),
  },
  responses: { 200: { description: 'The page.', schema: changes } },
  problems: [],
});
