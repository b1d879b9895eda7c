/** The definition of a tool: an intent of an agent, and the request of the API that fulfils it. */
import type { ZodObject, z } from 'zod';
import type { InternalRequest } from '../../http/internal-requests.ts';
import type { Scope } from '../../vocabulary.ts';

/** The successful response to a request of a tool. */
export interface Answer<Body> {
  /** Null if the response has no body, because the token must not read. */
  readonly body: Body | null;
  /** Of a write. */
  readonly changeSet: string;
  /** Of a page that is not the last one. */
  readonly nextCursor: string | undefined;
}

/** What a tool can use. */
export interface ToolContext {
  /** @throws RejectedRequest if the response is a problem */
  readonly send: <Body>(request: InternalRequest) => Promise<Answer<Body>>;
  /** Whether the token allows the tools that write. */
  readonly canWrite: boolean;
  /** Whether deleted tasks go to the trash. Otherwise they are deleted permanently (`TRASH_DAYS`). */
  readonly hasTrash: boolean;
}

export interface Tool<Input extends ZodObject = ZodObject, Output extends ZodObject = ZodObject> {
  readonly name: string;
  readonly title: string;
  /** For the agent, which decides by it when to use the tool. */
  readonly description: string;
  readonly scope: Extract<Scope, 'tasks:read' | 'tasks:write'>;
  /** Whether a repeated call with the same arguments changes nothing more. */
  readonly isIdempotent: boolean;
  /** Set for a tool that exists only on a server with a trash. */
  readonly needsTrash?: true;
  readonly input: Input;
  /** Open objects, so that results can gain fields. */
  readonly output: Output;
  /** The argument whose items become the operations of a batch, for the locations of errors. */
  readonly operations?: string;
  /** @param args as the agent sent them, after validation; defaults are not filled in */
  run(args: z.input<Input>, context: ToolContext): Promise<z.input<Output>>;
}

export function defineTool<Input extends ZodObject, Output extends ZodObject>(tool: Tool<Input, Output>): Tool {
  return tool as unknown as Tool;
}

/** The target of a request with query parameters. Undefined ones are left out; each value of a list is a parameter. */
export function targetOf(path: string, parameters: Readonly<Record<string, unknown>>): string {
  const pairs = Object.entries(parameters).flatMap(([name, value]) =>
    [value].flat().flatMap((each): [string, string][] => (each === undefined ? [] : [[name, String(each)]])),
  );
  return pairs.length > 0 ? `${path}?${new URLSearchParams(pairs)}` : path;
}
