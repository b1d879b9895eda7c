/** An agent: the official MCP client with a token, which calls tools over HTTP. */
import { Client, StreamableHTTPClientTransport, type Tool } from '@modelcontextprotocol/client';
import { onTestFinished } from 'vitest';

/** The revisions of the protocol: those with a handshake, and the ones since 2026-07-28 without. */
export const eras = ['legacy', 'auto'] as const;

export interface Agent {
  readonly client: Client;
  /** The tools by name. */
  tools(): Promise<Map<string, Tool>>;
  /** Calls a tool. Returns its structured content; throws its text if the result is an error. */
  call(name: string, args?: object): Promise<any>;
  /** Calls a tool whose result must be an error. Returns its text. */
  fail(name: string, args?: object): Promise<string>;
}

export async function connectAgent(url: string, token: string, era: (typeof eras)[number] = 'auto'): Promise<Agent> {
  const client = new Client({ name: 'test', version: '1.0.0' }, { versionNegotiation: { mode: era } });
  const headers = { Authorization: `Bearer ${token}` };
  await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`), { requestInit: { headers } }));
  onTestFinished(() => client.close());
  const callTool = async (name: string, args: object) => {
    const result = await client.callTool({ name, arguments: args as Record<string, unknown> });
    const [content] = result.content as { type: string; text: string }[];
    return { isError: result.isError === true, text: content?.text ?? '', structured: result.structuredContent };
  };
  return {
    client,
    tools: async () => new Map((await client.listTools()).tools.map((tool) => [tool.name, tool])),
    async call(name, args = {}) {
      const { isError, text, structured } = await callTool(name, args);
      if (isError) throw new Error(text);
      return structured;
    },
    async fail(name, args = {}) {
      const { isError, text } = await callTool(name, args);
      if (!isError) throw new Error(`${name} did not fail: ${text}`);
      return text;
    },
  };
}
