/** The tools, in the order in which agents see them. None of them deletes anything permanently, whatever the token allows. */
import type { Principal } from '../../principal.ts';
import { findTasks, getTask } from './find-tasks.ts';
import { findTrash, taskHistory, undo } from './history.ts';
import { findLists, saveList } from './lists.ts';
import type { Tool } from './tool.ts';
import { addTasks, completeTasks, trashTasks, updateTasks } from './write-tasks.ts';

export const tools: readonly Tool[] = [
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

export function toolNamed(name: string): Tool | undefined {
  return tools.find((tool) => tool.name === name);
}

/** Whether the token has the scope of a tool, or has no scopes at all. */
export function allows({ scopes }: Principal, { scope }: Pick<Tool, 'scope'>): boolean {
  return scopes === null || scopes.includes(scope);
}
