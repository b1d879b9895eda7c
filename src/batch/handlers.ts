/** The handlers of batches: each runs its operations and renders their results. */
import type { RequestContext } from '../http/request-context.ts';
import { implement, type Operation } from '../http/route.ts';
import type { WriteContext } from '../idempotency/execute-write.ts';
import { executePlannedWrite } from '../idempotency/planned-write.ts';
import type { StoredResponse } from '../idempotency/stored-response.ts';
import { newChangeSet } from '../resource/change.ts';
import { Batch, batchMutation, type OperationResult } from './mutation.ts';
import { operationOf, type SentOperation, taskOperationOf } from './requests.ts';
import { runBatchRoute, runTaskBatchRoute } from './routes.ts';

export function batchOperations(writes: WriteContext): Operation[] {
  const run = (batch: Batch, context: RequestContext, key: string | undefined, toResult: ToResult) => {
    const plan = () => batchMutation(newChangeSet(context), batch);
    return executePlannedWrite(writes, context, plan, key, (results) => response(results.map(toResult)));
  };
  return [
    implement(runTaskBatchRoute, ({ query, body, headers }, context) => {
      const batch = new Batch(body.operations.map(taskOperationOf), query.time_zone);
      return run(batch, context, headers['idempotency-key'], withResource);
    }),

    implement(runBatchRoute, ({ query, body, headers }, context) => {
      // The schema is made from the registered resources, so the compiler does not know its type.
      const operations = (body.operations as SentOperation[]).map(operationOf);
      const batch = new Batch(operations, query.time_zone);
      return run(batch, context, headers['idempotency-key'], (result) => ({
        type: result.type,
        ...withResource(result),
      }));
    }),
  ];
}

type ToResult = (result: OperationResult) => object;

/** The property with the name of the type has the resource. */
function withResource({ type, status, resource }: OperationResult): object {
  return { status, ...(resource && { [type]: resource }) };
}

function response(results: readonly object[]): StoredResponse {
  return { status: 200, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ results }) };
}
