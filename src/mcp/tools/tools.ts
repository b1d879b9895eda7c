/**
 * The tools, in the order in which agents see them. If the server has a trash, none of them deletes anything permanently,
 * whatever the token allows.
 */
import type { Principal } from '../../principal.ts';
import { findTasks, getTask } from './find-tasks.ts';
import { findTrash, taskHistory, undo } from './history.ts';
import { findLists, saveList } from './lists.ts';
import type { Tool } from './tool.ts';
import { addTasks, completeTasks, trashTasks, updateTasks } from './write-tasks.ts';

const tools: readonly Tool[] = [
  findTasks,
  getTask,
  findLists,
  addTasks,
  updateTasks,
  completeTasks,
  trashTasks,
  saveList,
  taskHistory,
  findTrash,
  undo,
];

/** The scopes that the tools need. */
export const toolScopes = [...new Set(tools.map(({ scope }) => scope))];

/** The tools of a server with a trash, or without one. */
export function toolsOf(hasTrash: boolean): readonly Tool[] {
  return tools.filter(({ needsTrash = false }) => hasTrash || !needsTrash);
}

export function toolNamed(name: string, offered: readonly Tool[]): Tool | undefined {
  return offered.find((tool) => tool.name === name);
}

/** Whether the token has the scope of a tool, or has no scopes at all. */
export function allows({ scopes }: Principal, { scope }: Pick<Tool, 'scope'>): boolean {
  return scopes === null || scopes.includes(scope);
}
