/** The operations of requests, in the form in which a batch runs them. */
import { uuidv7 } from 'uuidv7';
import { resource as task } from '../tasks/sql/columns.ts';
import type { BatchOperation } from './mutation.ts';
import type { TaskBatchOperation } from './task-schemas.ts';

/** An operation of the schema `ResourceOperation`. */
export interface SentOperation {
  readonly type: string;
  readonly op: BatchOperation['op'];
  readonly id?: string;
  readonly if_version?: number;
  /** The fields, in the property with the name of the type. A deletion has them as its own properties. */
  readonly [property: string]: unknown;
}

/** An operation on a resource of any kind. */
export function operationOf({ type, op, id, if_version, ...properties }: SentOperation): BatchOperation {
  const body = (op === 'delete' ? properties : properties[type]) as { readonly id?: string };
  return operation({ type, op, member: type, body: { id, ...body }, if_version });
}

/** An operation on a task, from a batch of tasks. */
export function taskOperationOf(sent: TaskBatchOperation): BatchOperation {
  if (sent.op === 'create') return operation({ type: task, op: sent.op, member: 'task', body: sent.task });
  const { op, id, if_version } = sent;
  const patch = sent.op === 'update' ? sent.patch : {};
  return operation({ type: task, op, member: 'patch', body: { id, ...patch }, if_version });
}

interface Parts extends Pick<BatchOperation, 'type' | 'op' | 'member'> {
  /** The id of the resource, if it is given, and the fields. */
  readonly body: { readonly id?: string | undefined };
  readonly if_version?: number | undefined;
}

function operation({ type, op, member, body: { id: given, ...fields }, if_version }: Parts): BatchOperation {
  return {
    ...{ type, op, member, fields },
    id: given ?? uuidv7(),
    isIdGiven: given !== undefined,
    versions: if_version === undefined ? null : [if_version],
  };
}
