/** The routes for everything that the server stores about a user: the source of their types and their documentation. */
import { z } from 'zod';
import { defineRoute } from '../http/route.ts';
import { maxExportsPerUser } from './export/limits.ts';
import { exportFormat } from './export/lines.ts';

const tag = 'User';

export const eraseMeRoute = defineRoute({
  id: 'eraseMe',
  method: 'delete',
  path: '/api/v1/me',
  tag,
  summary: 'Erase everything of the user',
  description:
    'Erases the tasks, lists, tags, trash, history, idempotency keys and API tokens of the user. This cannot be undone. Live updates of the user’s clients begin again with `reset`. The user’s account at the issuer remains. A repetition has the same result, so the request takes no `Idempotency-Key`. If it fails, repeat it: a part may be erased.',
  token: 'tasks:purge',
  request: {},
  responses: { 204: { description: 'Everything is erased.' } },
  problems: [],
});

const example = `{"type":"export","version":${exportFormat},"exported_at":"2026-11-20T09:30:00.000Z","user_id":"r4Tk2bQvXcYw7Zn1","cursor":null}
{"type":"end","counts":{"list":0,"task":0,"trash":0,"change":0,"token":0},"changed":false}
`;

export const exportRoute = defineRoute({
  id: 'export',
  method: 'get',
  path: '/api/v1/export',
  tag,
  summary: 'Export everything of the user',
  description: `All lists, tasks, entries of the trash, changes of the history, and API tokens without their secrets, as lines of JSON with a \`type\`. A list precedes its tasks, and a task its subtasks. The last line has the type \`end\`; without it, the export is incomplete. Its \`changed\` says whether a task or list changed during the export; then send the request again, or read the changes since the \`cursor\` of the first line. A user can run ${maxExportsPerUser} exports at the same time.`,
  token: 'tasks:read',
  request: {},
  responses: {
    200: {
      description: 'The lines.',
      contentType: 'application/x-ndjson',
      schema: z.string().meta({ example }),
      headers: { 'Content-Disposition': 'A name for the file.' },
    },
  },
  problems: [],
});
