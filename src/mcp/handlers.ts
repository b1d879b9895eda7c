/** The handlers of the MCP server, and the checks before them. */
import { z } from 'zod';
import type { Config } from '../config/config.ts';
import type { SendInternally } from '../http/internal-requests.ts';
import { headerOf, type PreHandler, type RequestContext } from '../http/request-context.ts';
import { jsonResponse } from '../http/response/json.ts';
import { implement, type Operation } from '../http/route.ts';
import type { Principal } from '../principal.ts';
import { ProblemError } from '../problems/problem.ts';
import { Challenges, protectedResourceMetadata } from './protected-resource.ts';
import type { RespondToMessage } from './protocol.ts';
import { mcpRoute, metadataRoute } from './routes.ts';
import type { Tool } from './tools/tool.ts';
import { allows, toolNamed, toolsOf } from './tools/tools.ts';

const toolCall = z.object({ method: z.literal('tools/call'), params: z.object({ name: z.string() }) });

export function mcpOperations(config: Config, send: SendInternally): Operation[] {
  const challenges = new Challenges(config.server);
  const metadata = protectedResourceMetadata(config);
  const hasTrash = config.retention.trashDays > 0;
  const tools = toolsOf(hasTrash);
  let protocol: Promise<RespondToMessage> | undefined;
  return [
    implement(mcpRoute, async ({ body }, context) => {
      requireSingle(body);
      requireScopeOfTool(body, context.get('principal'), tools, challenges);
      // Loading the package costs memory and time, so it is loaded only if an agent uses it.
      protocol ??= import('./protocol.ts').then(({ createProtocol }) => createProtocol({ send, tools, hasTrash }));
      const respond = await protocol;
      return respond(body, context);
    }),
    ...metadataPaths(config.server.basePath).map((path) =>
      implement({ ...metadataRoute, path }, () => jsonResponse(metadata)),
    ),
  ];
}

/**
 * RFC 9728, section 3.1, has the path of PUBLIC_URL behind the well-known one. A proxy that forwards only that path reaches
 * the other location, which the challenges name.
 */
function metadataPaths(basePath: string): string[] {
  const { path } = metadataRoute;
  return basePath === '' ? [path] : [path, path.replace(mcpRoute.path, `${basePath}${mcpRoute.path}`)];
}

/**
 * Rejects a batch of messages. Its calls would count as one request. No revision of the protocol since 2025-06-18 has
 * batches.
 *
 * @throws ProblemError malformed_request
 */
function requireSingle(message: unknown): void {
  if (!Array.isArray(message)) return;
  throw new ProblemError('malformed_request', {
    detail: 'The body is a batch of messages. Send each message in a request of its own.',
  });
}

/** Rejects the call of a tool whose scope the token lacks, so that a client can ask its user for the scope. */
function requireScopeOfTool(
  message: unknown,
  principal: Principal,
  tools: readonly Tool[],
  challenges: Challenges,
): void {
  const call = toolCall.safeParse(message);
  const tool = call.success ? toolNamed(call.data.params.name, tools) : undefined;
  if (tool && !allows(principal, tool)) throw challenges.insufficientScope(tool);
}

/**
 * Rejects pages of other origins (Model Context Protocol, "Transports", section "Security Warning"). Browsers send `Origin`,
 * also after DNS rebinding; other clients do not.
 */
export function requireKnownOrigin({ corsOrigins, publicUrl }: Config['server']): PreHandler {
  const known = new Set([...corsOrigins, new URL(publicUrl).origin]);
  return (context) => {
    const origin = headerOf(context, 'origin');
    if (origin === undefined || known.has(origin)) return;
    throw new ProblemError('origin_not_allowed');
  };
}

/** Authentication whose challenges name the metadata of the MCP server. */
export function withMetadata(
  authenticate: (context: RequestContext) => Promise<void>,
  server: Config['server'],
): (context: RequestContext) => Promise<void> {
  const challenges = new Challenges(server);
  return async (context) => {
    try {
      await authenticate(context);
    } catch (error) {
      throw challenges.extended(error);
    }
  };
}
