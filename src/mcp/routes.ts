/** The routes of the MCP server. They are not in the OpenAPI document: the protocol has its own descriptions. */
import { z } from 'zod';
import { defineRoute } from '../http/route.ts';
import { taskBodyLimit } from '../tasks/schemas.ts';

const tag = 'MCP';

export const mcpRoute = defineRoute({
  id: 'mcp',
  method: 'post',
  path: '/mcp',
  tag,
  summary: 'Send a message of the Model Context Protocol',
  token: 'any',
  request: { body: z.unknown() },
  bodyLimit: taskBodyLimit,
  responses: { 200: { description: 'The response to the message.' } },
  problems: [],
});

/** The metadata of the protected resource (RFC 9728), below the path of PUBLIC_URL. */
export const metadataRoute = defineRoute({
  id: 'readProtectedResourceMetadata',
  method: 'get',
  path: '/.well-known/oauth-protected-resource/mcp',
  tag,
  summary: 'Get the metadata of the protected resource',
  token: 'none',
  request: {},
  responses: { 200: { description: 'The metadata.' } },
  problems: [],
});
