/** The response to a write of one task. */
import type { RequestContext } from '../http/request-context.ts';
import type { StoredResponse } from '../idempotency/stored-response.ts';
import { writeResponse } from '../resource/response.ts';
import type { TaskResult } from './mutations.ts';
import { createTaskRoute } from './routes.ts';

export function taskResponse({ status, task }: TaskResult, context: RequestContext): StoredResponse {
  return writeResponse(status, task, createTaskRoute.path, context);
}
