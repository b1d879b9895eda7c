/** What the outcome of an operation changes in the replica. Each function returns the changes of one commit. */
import { isEqual, type JsonObject, mergePatch } from './merge-patch.ts';
import { fieldsOf, idsOf, keyOf, type Operation, type Resource, type StoredProblem } from './operation.ts';
import { type Answer, answerRecord, operationRecord, type Replica } from './replica.ts';
import type { RecordChange } from './storage.ts';

/**
 * The server has executed the operation: it leaves the queue, and its outcome takes its place in the same commit.
 *
 * @param resource the resource of the response; null for a deletion
 */
export function confirmOperation(replica: Replica, sent: Operation, resource: Resource | null): RecordChange[] {
  const operation = replica.current(sent);
  if (!operation) return [];
  const key = keyOf(operation);
  const changes: RecordChange[] = [[operationRecord(operation), undefined]];
  const confirmed = replica.confirmed(key);
  if (!resource || isNews(operation, resource, confirmed)) {
    const { tasks } = operation;
    const answer: Answer = { resource, revision: replica.revision + 1, ...(tasks && { tasks }) };
    changes.push([answerRecord(key), answer]);
  }
  return changes;
}

/** A repeated response can be old. The changes have brought what came after it, also the removal of the resource. */
function isNews({ action }: Operation, { version }: Resource, confirmed: Resource | undefined): boolean {
  return confirmed ? version > confirmed.version : action === 'create';
}

/** The operation has no effect any more: it leaves the queue. */
export function removeOperation(replica: Replica, sent: Operation): RecordChange[] {
  const operation = replica.current(sent);
  return operation ? [[operationRecord(operation), undefined]] : [];
}

/** The server has refused the operation. The operations that depend on a refused creation are rejected with it. */
export function rejectOperation(replica: Replica, sent: Operation, problem: StoredProblem): RecordChange[] {
  const operation = replica.current(sent);
  if (!operation) return [];
  const dependents = operation.action === 'create' ? dependentsOf(replica, operation) : [];
  return [
    [operationRecord(operation), { ...operation, problem }],
    ...dependents.map((dependent): RecordChange => {
      const detail = `An operation that this one depends on was rejected: ${problem.detail}`;
      const causedProblem = { status: problem.status, code: problem.code, detail };
      return [operationRecord(dependent), { ...dependent, problem: causedProblem, causedBy: operation.id }];
    }),
  ];
}

/** The later pending operations that name a resource which a rejected operation would have created. */
function dependentsOf(replica: Replica, creation: Operation): Operation[] {
  const missing = new Set([creation.resourceId]);
  const dependents: Operation[] = [];
  for (const operation of replica.queue) {
    if (operation.number <= creation.number || operation.problem) continue;
    if (!operation.ids.some((id) => missing.has(id))) continue;
    dependents.push(operation);
    if (operation.action === 'create') missing.add(operation.resourceId);
  }
  return dependents;
}

/** Removes a rejected operation, and those that were rejected because of it. */
export function dismissOperation(replica: Replica, id: string): RecordChange[] {
  return withDependents(replica, rejected(replica, id)).map((operation) => [operationRecord(operation), undefined]);
}

/**
 * Puts a rejected operation at the end of the queue again, with the creation that it depends on, and with those that were
 * rejected because of it.
 *
 * @param fields replace those of the operation; the others stay
 * @param newKey makes idempotency keys: the server may have kept the rejection under the old one
 */
export function retryOperation(replica: Replica, id: string, fields: JsonObject, newKey: () => string): RecordChange[] {
  const operation = rejected(replica, id);
  // Without the creation that it depends on, it would be rejected again.
  const cause = replica.queue.find((each) => each.problem && each.id === operation.causedBy) ?? operation;
  return withDependents(replica, cause).flatMap((operation, index): RecordChange[] => {
    const { problem: _problem, causedBy: _causedBy, ...pending } = operation;
    const number = replica.nextNumber + index;
    const changed = operation.id === id && operation.action !== 'delete' ? fields : {};
    const repeated = withFields({ ...pending, number, key: newKey() }, changed);
    return [
      [operationRecord(operation), undefined],
      [operationRecord(repeated), repeated],
    ];
  });
}

function withFields(operation: Operation, fields: JsonObject): Operation {
  if (operation.body === null) return operation;
  const { before, after, to, ...others } = fieldsOf(operation);
  // A move has one place.
  const isElsewhere = 'before' in fields || 'after' in fields || 'to' in fields;
  const body = { ...others, ...(isElsewhere ? {} : { before, after, to }), ...fields } as JsonObject;
  return { ...operation, body: JSON.stringify(body), ids: idsOf(operation.resourceId, body) };
}

/** @throws Error if the operation is not rejected */
function rejected({ queue }: Replica, id: string): Operation {
  const operation = queue.find((each) => each.id === id && each.problem);
  if (!operation)
    throw new Error(`There is no rejected operation with the id ${id}. It was retried or dismissed before.`);
  return operation;
}

/** The operation and those that were rejected because of it, in their order. */
function withDependents({ queue }: Replica, operation: Operation): Operation[] {
  return queue.filter((each) => each === operation || (each.problem && each.causedBy === operation.id));
}

/** The fields of a patch that change the resource. */
export function changedFields(resource: Resource, patch: JsonObject): JsonObject {
  const entries = Object.entries(patch).filter(([name, value]) => {
    // JSON has no undefined.
    if (value === undefined) return false;
    const before = resource[name] ?? null;
    return !isEqual(before, value === null ? null : mergePatch(before, value));
  });
  return Object.fromEntries(entries);
}
