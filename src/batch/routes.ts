/** The routes of batches: the source of their validation, their types and their documentation. */
import { z } from 'zod';
import { defineRoute } from '../http/route.ts';
import { idempotencyKey, keyProblems } from '../idempotency/header.ts';
import { maxBatchIndexCost, maxOperations, maxResultsBytes } from '../resource/batch.ts';
import { changeSetHeader } from '../resource/change.ts';
import { todayParameter } from '../tasks/recurrence/schemas.ts';
import { taskBodyLimit } from '../tasks/schemas.ts';
import { batchRequest, batchResponse } from './schemas.ts';
import { taskBatchRequest, taskBatchResponse } from './task-schemas.ts';

const query = z.strictObject(todayParameter);
const headers = z.object(idempotencyKey);

const rules = (resource: string) =>
  `Up to ${maxOperations} operations, which run in order, all or none of them. If one fails, the response is its problem, and \`errors\` names the operation. A ${resource} that several operations name is in the result of the last one only. The \`if_version\` of an operation is the version after the operations before it. The \`current_version\` of a \`version_mismatch\` is the version before the batch, because nothing has changed. If the results exceed ${maxResultsBytes / 1024} KiB, nothing changes, and \`errors\` names the first operation that belongs in another batch. All operations together can have ${maxBatchIndexCost.toLocaleString('en')} search words; a tag counts as four words, and a repeated change of a task counts three times.`;

/** Its operations are those of tasks only, without their moves and replacements. */
export const runTaskBatchRoute = defineRoute({
  id: 'runBatch',
  method: 'post',
  path: '/api/v1/tasks/batch',
  tag: 'Tasks',
  summary: 'Create, change and delete several tasks',
  description: rules('task'),
  token: 'tasks:write',
  request: { query, headers, body: taskBatchRequest },
  bodyLimit: taskBodyLimit,
  responses: {
    200: { description: 'The results of all operations.', schema: taskBatchResponse, headers: changeSetHeader },
  },
  problems: ['task_not_found', 'version_mismatch', 'id_taken', ...keyProblems],
});

export const runBatchRoute = defineRoute({
  id: 'runResourceBatch',
  method: 'post',
  path: '/api/v1/batch',
  tag: 'Batches',
  summary: 'Create, change, move and delete several tasks and lists',
  description: `${rules('task or list')} An operation can name a task or a list that an earlier one creates with an \`id\`. All changes are one change set, which can be undone.`,
  token: 'tasks:write',
  request: { query, headers, body: batchRequest },
  bodyLimit: taskBodyLimit,
  responses: {
    200: { description: 'The results of all operations.', schema: batchResponse, headers: changeSetHeader },
  },
  problems: ['task_not_found', 'list_not_found', 'list_not_empty', 'version_mismatch', 'id_taken', ...keyProblems],
});
