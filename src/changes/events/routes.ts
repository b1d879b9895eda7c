/** The route of the event stream: the source of its validation, its types and its documentation. */
import { z } from 'zod';
import { defineRoute } from '../../http/route.ts';
import { pageLimits } from '../../resource/schemas.ts';
import { commentIntervalMs } from './stream.ts';

export const eventsPath = '/api/v1/events';

const position = z.string().max(pageLimits.cursor, 'is not a cursor of this server').optional();

const example = `:

id: TToAmGsZGNWgM8j9WyJkOWY3ZjM2Yi03ZDlhLTRmMmUtOWM3YS0xYjJjM2Q0ZTVmNjAiLDQyXQ
event: changes
data: {"reset":false,"changes":[],"cursor":"TToAmGsZGNWgM8j9WyJkOWY3ZjM2Yi03ZDlhLTRmMmUtOWM3YS0xYjJjM2Q0ZTVmNjAiLDQyXQ","has_more":false}

id: q8UxLrYfOH1c3nWdWyJkOWY3ZjM2Yi03ZDlhLTRmMmUtOWM3YS0xYjJjM2Q0ZTVmNjAiLDQzXQ
event: changes
data: {"reset":false,"changes":[{"type":"task","op":"remove","id":"01938c1e-7e5c-7b21-9c4e-2f6d1a8b3c4d","version":7}],"cursor":"q8UxLrYfOH1c3nWdWyJkOWY3ZjM2Yi03ZDlhLTRmMmUtOWM3YS0xYjJjM2Q0ZTVmNjAiLDQzXQ","has_more":false}

event: end
retry: 1250
data: {"reason":"token_expired"}

`;

export const streamEventsRoute = defineRoute({
  id: 'streamEvents',
  method: 'get',
  path: eventsPath,
  tag: 'Changes',
  summary: 'Stream changes',
  description: `The changes as server-sent events. \`event: changes\` has the body of \`GET /api/v1/changes\` and its cursor as \`id\`. The first one arrives at once, so that you have a cursor. \`event: reset\` precedes a snapshot: discard your copy. \`event: end\` is the last event; its \`reason\` is \`token_expired\`, \`token_revoked\`, \`max_age\` (after 15 minutes), \`shutdown\` or \`unavailable\`. Then open a stream again, with a valid token and the last \`id\` as \`Last-Event-ID\`. After ${commentIntervalMs / 1000} seconds without an event, the server sends a comment. The browser’s \`EventSource\` cannot send the \`Authorization\` header; use \`fetch\`.`,
  token: 'tasks:read',
  request: {
    query: z.strictObject({
      since: position.meta({
        description:
          'A `cursor`: the stream begins with the changes after it. Default: the stream starts at the present.',
      }),
    }),
    headers: z.object({
      'last-event-id': position.meta({
        description: 'The last `id` of an earlier stream. It takes precedence over `since`.',
      }),
    }),
  },
  responses: {
    200: {
      description: 'The stream.',
      contentType: 'text/event-stream',
      schema: z.string().meta({ example }),
    },
  },
  problems: [],
});
