/** The routes of recurrences. */
import { z } from 'zod';
import { ifMatch, wholeNumber } from '../../http/request/parameters.ts';
import { defineRoute } from '../../http/route.ts';
import { idempotencyKey, keyProblems } from '../../idempotency/header.ts';
import { changeSetHeader } from '../../resource/change.ts';
import { resourceId } from '../../resource/schemas.ts';
import { supportedTimeZone } from '../due/due.ts';
import { task } from '../schemas.ts';
import { occurrences, previewLimits, recurrencePreview, recurrencePreviewRequest, todayParameter } from './schemas.ts';

const path = z.strictObject({ id: resourceId });

export const previewRecurrenceRoute = defineRoute({
  id: 'previewRecurrence',
  method: 'post',
  path: '/api/v1/recurrence/preview',
  tag: 'Tasks',
  summary: 'Preview a recurrence',
  description:
    'Validates a recurrence and lists its next days. It stores nothing, so it needs no `Idempotency-Key`. Today is the day in the time zone of `due`, otherwise in `time_zone`.',
  token: 'tasks:read',
  request: {
    query: z.strictObject({
      time_zone: supportedTimeZone.default('UTC').meta({ description: 'The time zone of today, if `due` has none.' }),
    }),
    body: recurrencePreviewRequest,
  },
  responses: { 200: { description: 'The next days.', schema: recurrencePreview } },
  problems: [],
});

export const listOccurrencesRoute = defineRoute({
  id: 'listTaskOccurrences',
  method: 'get',
  path: '/api/v1/tasks/{id}/occurrences',
  tag: 'Tasks',
  summary: 'List the next occurrences of a task',
  description:
    'The days of the occurrences after this one, if it is completed today and each of them on its day. A task that does not recur has none.',
  token: 'tasks:read',
  request: {
    path,
    query: z.strictObject({
      limit: wholeNumber(1, previewLimits.limit, previewLimits.defaultLimit, 'Maximum number of days.'),
      ...todayParameter,
    }),
  },
  responses: { 200: { description: 'The next days.', schema: occurrences } },
  problems: ['task_not_found'],
});

export const skipTaskRoute = defineRoute({
  id: 'skipTask',
  method: 'post',
  path: '/api/v1/tasks/{id}/skip',
  tag: 'Tasks',
  summary: 'Skip an occurrence of a task',
  description:
    'The task moves to its next occurrence without being completed. A task that does not recur, or whose series ends with this occurrence, is rejected with 422.',
  token: 'tasks:write',
  request: {
    path,
    query: z.strictObject(todayParameter),
    headers: z.object({ 'if-match': ifMatch, ...idempotencyKey }),
  },
  responses: {
    200: {
      description: 'The task with its next due date.',
      schema: task,
      headers: { ETag: 'The version of the task, for `If-Match` and `If-None-Match`.', ...changeSetHeader },
    },
  },
  problems: ['task_not_found', 'version_mismatch', ...keyProblems],
});
