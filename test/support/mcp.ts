/** The MCP server for tests: the names of its tools, agents of users, and messages without the official client. */
import { type Agent, connectAgent, type eras } from './agent.ts';
import type { Client, TestApi } from './api.ts';

export const readTools = ['find_tasks', 'get_task', 'find_lists', 'task_history', 'find_trash'];
export const writeTools = ['add_tasks', 'update_tasks', 'complete_tasks', 'trash_tasks', 'save_list', 'undo'];

/** The claim of a token for the MCP server. */
export const forMcp = (api: TestApi) => ({ aud: api.config.server.mcpUrl });

export function agentOf(
  api: TestApi,
  user: Client,
  claims: object = {},
  era: (typeof eras)[number] = 'auto',
): Promise<Agent> {
  return connectAgent(api.url, api.token(user.userId as string, { ...forMcp(api), ...claims }), era);
}

export async function sendMessage(
  api: TestApi,
  message: unknown,
  { token, headers = {} }: { token?: string; headers?: object } = {},
) {
  const response = await fetch(`${api.url}/mcp`, {
    method: 'POST',
    headers: {
      ...(token !== undefined && { Authorization: `Bearer ${token}` }),
      'Content-Type': 'application/json',
      Accept: 'application/json, text/event-stream',
      ...headers,
    },
    body: typeof message === 'string' ? message : JSON.stringify(message),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? null : JSON.parse(text) };
}

export const listTools = { jsonrpc: '2.0', id: 1, method: 'tools/list' };

export const callOf = (name: string, args: object = {}) => ({
  ...{ jsonrpc: '2.0', id: 1, method: 'tools/call' },
  params: { name, arguments: args },
});
