/** Calls of tools: from their arguments to a result that an agent can use, also if something is wrong. */
import type { InternalRequest } from '../../http/internal-requests.ts';
import { runSchema } from '../../http/request/validate.ts';
import { FoundErrors } from '../../http/request/validation-errors.ts';
import type { RequestContext } from '../../http/request-context.ts';
import { type ProblemDocument, problemDocument, toProblem, validationFailed } from '../../problems/problem.ts';
import { problemText } from './problem-texts.ts';
import type { Answer, Tool, ToolContext } from './tool.ts';

/** The result of a call (Model Context Protocol, "Tools", section "Tool Result"). */
export interface ToolResult {
  readonly content: { readonly type: 'text'; readonly text: string }[];
  readonly structuredContent?: Record<string, unknown>;
  readonly isError?: true;
  readonly [name: string]: unknown;
}

/** A problem in the response to a request of a tool. */
class RejectedRequest extends Error {
  readonly document: ProblemDocument;
  readonly retryAfter: string | null;

  constructor(document: ProblemDocument, retryAfter: string | null) {
    super(document.code);
    this.document = document;
    this.retryAfter = retryAfter;
  }
}

/**
 * Validates the arguments and runs the tool. An error becomes a result, because the agent reads results and can correct
 * itself.
 *
 * @param send sends a request of the tool as the user of the token
 */
export async function callTool(
  tool: Tool,
  args: unknown,
  context: RequestContext,
  options: Omit<ToolContext, 'send'> & { readonly send: (request: InternalRequest) => Promise<Response> },
): Promise<ToolResult> {
  const toolContext = { ...options, send: async (request: InternalRequest) => answerOf(await options.send(request)) };
  try {
    requireValid(tool, args);
    const structuredContent = await tool.run(args as never, toolContext as ToolContext);
    // Clients that do not know structured content read the text.
    return { content: [{ type: 'text', text: JSON.stringify(structuredContent) }], structuredContent };
  } catch (error) {
    const text =
      error instanceof RejectedRequest ? problemText(error.document, error.retryAfter, tool) : ownText(error, context);
    return { content: [{ type: 'text', text }], isError: true };
  }
}

/** @throws ProblemError validation_failed */
function requireValid(tool: Tool, args: unknown): void {
  const { issues } = runSchema(tool.input, args);
  if (issues.length === 0) return;
  const errors = new FoundErrors();
  errors.add(issues, 'body');
  throw validationFailed(errors.first, errors.count);
}

/** @throws RejectedRequest */
async function answerOf(response: Response): Promise<Answer<unknown>> {
  const text = await response.text();
  const body = text === '' ? null : JSON.parse(text);
  if (response.status >= 400) throw new RejectedRequest(body, response.headers.get('Retry-After'));
  return {
    body,
    changeSet: response.headers.get('Change-Set') ?? '',
    nextCursor: response.headers.get('Next-Cursor') ?? undefined,
  };
}

/** The text of an error of the tool itself, which it keeps for the log. */
function ownText(error: unknown, context: RequestContext): string {
  const problem = toProblem(error);
  context.set('problem', problem);
  const { basePath } = context.get('placement');
  return problemText(problemDocument(problem, '/mcp', context.get('requestId'), basePath), null);
}
