/** Texts of problems for agents, in the words of the tools instead of those of HTTP. */
import { catalogue, type ProblemCode } from '../../problems/catalogue.ts';
import type { ProblemDocument } from '../../problems/problem.ts';
import type { Tool } from './tool.ts';

const readBeforeRetry = 'A write may have been applied: read the tasks before you repeat it.';

/** What an agent can do, where the remedy of the catalogue is about requests that the agent does not see. */
const remedies: Partial<Record<ProblemCode, string>> = {
  validation_failed: 'Correct the arguments and call the tool again.',
  task_not_found: 'Find the id with find_tasks, also among the tasks with status Done. The task may be in the trash.',
  list_not_found: 'Find the id with find_lists, also among the archived lists.',
  change_set_not_found:
    'Take a change_set from task_history. A call that changed nothing has nothing to undo, and what was deleted permanently cannot be restored.',
  undo_conflict:
    'Read task_history. Undo the later changes first, or set the fields with update_tasks or save_list to the values that you want.',
  quota_exceeded: 'Tell the user which quota is full. Waiting does not help.',
  database_unavailable: readBeforeRetry,
  timeout: readBeforeRetry,
};

/**
 * What was wrong, where, and what to do about it.
 *
 * @param retryAfter the seconds to wait before a retry; null if there is no need to
 * @param tool the tool whose request was rejected; undefined if its arguments were
 */
export function problemText(document: ProblemDocument, retryAfter: string | null, tool?: Tool): string {
  const { code, title, detail, errors = [], request_id } = document;
  const { remedy, status } = catalogue[code];
  return [
    `${title} (${code}): ${detail.replace(/^operations\/\d+[^:\s]*/, (location) => argumentAt(`/${location}`, tool))}`,
    // The detail has the first error already.
    ...errors
      .slice(1)
      .map((error) => `- ${error.in === 'path' ? '' : `${argumentAt(error.pointer, tool)}: `}${error.message}`),
    ...(retryAfter === null ? [] : [`Wait ${retryAfter} seconds before the next call.`]),
    `What to do: ${remedies[code] ?? remedy}`,
    ...(status >= 500 ? [`The request_id is ${request_id}.`] : []),
  ].join('\n');
}

/** The argument of a tool that became this part of the body. */
function argumentAt(pointer: string, tool: Tool | undefined): string {
  const [, index, rest = ''] = /^\/operations\/(\d+)(?:\/(?:task|patch))?(\/.*)?$/.exec(pointer) ?? [];
  if (tool?.operations === undefined || index === undefined) return pointer.replace(/^\//, '') || 'arguments';
  return `${tool.operations}/${index}${rest}`;
}
