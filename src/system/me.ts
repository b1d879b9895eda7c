/** The authenticated user of a request. */
import { z } from 'zod';
import { jsonResponse } from '../http/response/json.ts';
import { defineRoute, implement, type Operation } from '../http/route.ts';

const me = z
  .strictObject({
    id: z.string().meta({ description: 'The `sub` of the token.', example: 'r4Tk2bQvXcYw7Zn1' }),
    scopes: z.array(z.string()).nullable().meta({ description: 'The token’s scopes; null without a `scope` claim.' }),
  })
  .meta({ id: 'Me', description: 'The authenticated user.' });

export const readMeRoute = defineRoute({
  id: 'readMe',
  method: 'get',
  path: '/api/v1/me',
  tag: 'User',
  summary: 'Get the authenticated user',
  token: 'any',
  request: {},
  responses: { 200: { description: 'The user of the token.', schema: me } },
  problems: [],
});

export const meOperation: Operation = implement(readMeRoute, (_input, context) => {
  const { userId, scopes } = context.get('principal');
  return jsonResponse({ id: userId, scopes });
});
