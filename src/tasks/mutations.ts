/** The writes of single tasks: their statements, and what is answered to them. */
import { isDeepStrictEqual } from 'node:util';
import type { BoundStatement, Row } from '../database/statement.ts';
import { publicPath } from '../http/base-path.ts';
import type { RequestContext } from '../http/request-context.ts';
import type { StoredResponse } from '../idempotency/stored-response.ts';
import { ProblemError } from '../problems/problem.ts';
import { entityTag } from '../resource/etag.ts';
import type { Task, TaskPatch, TaskReplace } from './schemas.ts';
import { type TaskRow, toTask } from './sql/row.ts';
import { deleteTask, insertTask, lockTask, selectTask, updateTask } from './sql/write-statements.ts';
import { tagKey } from './tag-key.ts';

/** A change of one task, by itself or in a batch. */
export interface TaskMutation {
  readonly statements: readonly BoundStatement[];
  /** What came of it, told the rows of each statement. Throws a `ProblemError` where it was not done. */
  readonly toResult: (rows: Row[][]) => TaskResult;
}

export interface TaskResult {
  readonly status: 200 | 201 | 204;
  /** The task as it is afterwards, unless it is gone. */
  readonly task?: Task;
}

export function createTask(ownerId: string, id: string, task: TaskReplace): TaskMutation {
  return {
    statements: [insertTask(ownerId, id, task), selectTask(ownerId, id)],
    toResult(rows) {
      const [[created], [stored]] = rows as unknown as [[Row?], [TaskRow?]];
      if (stored && created) return { status: 201, task: toTask(stored) };
      if (stored && isAsWanted(toTask(stored), task)) return { status: 200, task: toTask(stored) };
      throw new ProblemError('id_taken');
    },
  };
}

/** @param versions the versions that may be changed; null for any */
export function changeTask(
  ownerId: string,
  id: string,
  patch: TaskPatch,
  versions: readonly number[] | null,
): TaskMutation {
  return {
    statements: [lockTask(ownerId, id), updateTask(ownerId, id, patch, versions), selectTask(ownerId, id)],
    toResult(rows) {
      const [[locked], , [changed]] = rows as unknown as [[Locked], [], [TaskRow?]];
      assertVersion(locked, versions);
      if (!changed) throw new ProblemError('task_not_found');
      return { status: 200, task: toTask(changed) };
    },
  };
}

/** A change of every field; what a due date does not say is cleared. */
export function replaceTask(
  ownerId: string,
  id: string,
  task: TaskReplace,
  versions: readonly number[] | null,
): TaskMutation {
  const due = task.due && { time: null, time_zone: null, ...task.due };
  return changeTask(ownerId, id, { ...task, due }, versions);
}

/** @param versions the versions that may be deleted; null for any */
export function deleteTaskMutation(ownerId: string, id: string, versions: readonly number[] | null): TaskMutation {
  return {
    statements: [lockTask(ownerId, id), deleteTask(ownerId, id, versions)],
    toResult(rows) {
      const [[locked]] = rows as unknown as [[Locked]];
      assertVersion(locked, versions);
      return { status: 204 };
    },
  };
}

/** The answer to a single write. */
export function taskResponse({ status, task }: TaskResult, context: RequestContext): StoredResponse {
  if (!task) return { status, headers: {}, body: null };
  return {
    status,
    headers: {
      'Content-Type': 'application/json',
      ETag: entityTag(task.version),
      ...(status === 201 && { Location: publicPath(context, `/api/v1/tasks/${task.id}`) }),
    },
    body: JSON.stringify(task),
  };
}

interface Locked {
  /** Null where there is no such task. */
  readonly version: number | null;
}

/** @throws ProblemError task_not_found, or version_mismatch with the version that the task has */
function assertVersion({ version }: Locked, versions: readonly number[] | null): void {
  if (version === null) throw new ProblemError('task_not_found');
  if (versions && !versions.includes(version)) {
    throw new ProblemError('version_mismatch', {
      extensions: { current_version: version },
      headers: { ETag: entityTag(version) },
    });
  }
}

/** Whether a stored task is what a request to create it would have made. */
function isAsWanted(stored: Task, { tags, ...fields }: TaskReplace): boolean {
  const keys = (names: readonly string[]) => new Set(names.map(tagKey));
  return (
    Object.entries(fields).every(([name, value]) => isDeepStrictEqual(stored[name as keyof Task], value)) &&
    isDeepStrictEqual(keys(stored.tags), keys(tags))
  );
}
