/** The routes of API tokens: the source of their validation, their types and their documentation. */
import { z } from 'zod';
import { defineRoute } from '../http/route.ts';
import { idempotencyKey, keyProblems } from '../idempotency/header.ts';
import { changeSetHeader } from '../resource/change.ts';
import { resourceId } from '../resource/schemas.ts';
import { createdToken, token, tokenCreate } from './schemas.ts';

const tag = 'API tokens';
const collection = '/api/v1/tokens';

export const listTokensRoute = defineRoute({
  id: 'listTokens',
  method: 'get',
  path: collection,
  tag,
  summary: 'List API tokens',
  description:
    'All API tokens of the user, the newest first, without their secrets. Expired ones are listed for 30 days.',
  token: 'tasks:read',
  request: {},
  responses: { 200: { description: 'The tokens.', schema: z.array(token) } },
  problems: [],
});

export const createTokenRoute = defineRoute({
  id: 'createToken',
  method: 'post',
  path: collection,
  tag,
  summary: 'Create an API token',
  description:
    'A token for scripts and other programs, which acts for the user within its scopes. It has at most the scopes of the request’s own token. An API token cannot create another one. With the embedded issuer, the session of the request’s token must not have ended. The response is the only one that contains the token.',
  token: 'tasks:write',
  rejectsApiTokens: true,
  request: { headers: z.object(idempotencyKey), body: tokenCreate },
  responses: { 201: { description: 'The new token.', schema: createdToken, headers: changeSetHeader } },
  problems: ['api_token_not_allowed', ...keyProblems],
});

export const deleteTokenRoute = defineRoute({
  id: 'deleteToken',
  method: 'delete',
  path: `${collection}/{id}`,
  tag,
  summary: 'Revoke an API token',
  description:
    'The server rejects the token from now on. Other servers on the same database reject it within 60 seconds. An API token cannot revoke one.',
  token: 'tasks:write',
  rejectsApiTokens: true,
  request: { path: z.strictObject({ id: resourceId }), headers: z.object(idempotencyKey) },
  responses: { 204: { description: 'The token is revoked.', headers: changeSetHeader } },
  problems: ['api_token_not_allowed', 'token_not_found', ...keyProblems],
});
