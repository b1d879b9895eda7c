/** The routes for everything that the server stores about a user: the source of their types and their documentation. */
import { z } from 'zod';
import { linesType } from '../http/request/body.ts';
import { defineRoute } from '../http/route.ts';
import { idempotencyKey, keyProblems } from '../idempotency/header.ts';
import { changeSetHeader } from '../resource/change.ts';
import { maxExportsPerUser } from './export/limits.ts';
import { exportFormat } from './export/lines.ts';
import { maxImportBytes, maxImportLines } from './import/limits.ts';
import { importQuery, importResult } from './import/schemas.ts';

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

const importExample = `{"type":"list","list":{"id":"0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4d","name":"Groceries"}}
{"type":"task","task":{"id":"0193a5b0-a1f3-7d3e-8c55-5b1f7f0e2d11","title":"Buy milk","list_id":"0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4d"}}
`;

export const importRoute = defineRoute({
  id: 'importLines',
  method: 'post',
  path: '/api/v1/import',
  tag,
  summary: 'Import lines of an export',
  description: `Creates the lists, tasks and entries of the trash that lines of an export have, all or none of them. They belong to the user of the token. Send a longer file in its order, at most ${maxImportLines} lines per request. Ids, versions and the times of creation, completion and deletion are those of the file; \`updated_at\` is the time of the import. A resource whose id the user has already stays as it is, so a repetition creates nothing twice. All changes of a request are one change set, which can be undone.`,
  token: 'tasks:write',
  request: {
    query: importQuery,
    headers: z.object(idempotencyKey),
    body: z.string().meta({ example: importExample }),
  },
  bodyTypes: [linesType],
  bodyLimit: maxImportBytes,
  responses: {
    200: { description: 'What the import did.', schema: importResult, headers: changeSetHeader },
  },
  problems: [...keyProblems],
});
