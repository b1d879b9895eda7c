/** The mutation of a batch: operations in order, all or none of them, in one transaction and one round trip. */
import type { BoundStatement, Row } from '../database/statement.ts';
import { type FieldError, ProblemError, validationFailed } from '../problems/problem.ts';
import {
  type BatchableResource,
  type BatchPlan,
  maxBatchIndexCost,
  maxResultsBytes,
  type OperationFields,
  type OperationOf,
  type OperationStatement,
  type ResourceVersion,
} from '../resource/batch.ts';
import type { ChangeSet } from '../resource/change.ts';
import { rowOfJson } from '../resource/json-row.ts';
import { defineMutation, type Mutation } from '../resource/mutation.ts';
import type { WriteStatus } from '../resource/response.ts';
import { batchable } from './resources.ts';
import { batchResults, type ResultRow, tooLarge } from './statements.ts';

/** An operation of a request. */
export type BatchOperation = OperationOf<OperationFields> & {
  /** The kind of its resource. */
  readonly type: string;
  /** The member of the operation that has its fields in the request. */
  readonly member: string;
};

export interface OperationResult {
  readonly type: string;
  readonly status: WriteStatus;
  /** The resource after the batch; absent if the batch has deleted it, or if a later operation names it. */
  readonly resource?: object;
}

/** A batch, and what its last plan has read. */
export class Batch {
  readonly operations: readonly BatchOperation[];
  readonly timeZone: string;
  /** The rows of the statements of each kind of resource. */
  read: ReadonlyMap<string, readonly Row[][]> = new Map();

  /** @param timeZone the time zone of today for dates without one */
  constructor(operations: readonly BatchOperation[], timeZone: string) {
    this.operations = operations;
    this.timeZone = timeZone;
  }
}

/** The operations on one kind of resource. */
interface Part {
  readonly type: string;
  readonly resource: BatchableResource;
  readonly plan: BatchPlan<OperationFields>;
  /** It reads the versions, and then the statements of the plan follow. */
  readonly first: readonly BoundStatement[];
  /** The index of the first of them in the batch. */
  readonly start: number;
}

/** An operation with its part, and with its statements. */
interface Step {
  readonly operation: BatchOperation;
  readonly part: Part;
  readonly statements: readonly BoundStatement[];
}

/**
 * One mutation of all operations. The result of an operation has the resource unless a later operation names the same one.
 * So the results contain each resource once, as it is after the batch.
 *
 * @throws ProblemError validation_failed for more than `maxBatchIndexCost`, and for fields that a resource cannot have
 */
export function batchMutation(changeSet: ChangeSet, batch: Batch): Mutation<OperationResult[]> {
  const { ownerId } = changeSet;
  const parts = partsOf(ownerId, batch);
  const first = parts.flatMap((part) => part.first);
  const steps = boundedSteps(batch.operations, parts);
  const firstSteps = new Map(steps.toReversed().map((step) => [nameOf(step), step]));
  const lastSteps = new Map(steps.map((step) => [nameOf(step), step]));
  const isLast = (step: Step) => lastSteps.get(nameOf(step)) === step;
  const finalSteps = steps.filter(isLast);
  return defineMutation<ResultRow[], OperationResult[]>({
    changeSet,
    statements: [...first, ...steps.flatMap(({ statements }) => statements)],
    outcome: batchResults(
      ownerId,
      finalSteps.map(({ operation }) => operation),
      changeSet.id,
    ),
    toResult(rows) {
      // By position, because a replay has generated other ids for the resources without one.
      const rowOf = new Map(finalSteps.map((step, index) => [nameOf(step), rows[index] as ResultRow]));
      return steps.map((step) => {
        const { type, op } = step.operation;
        const { is_new, content } = rowOf.get(nameOf(step)) as ResultRow;
        if (op === 'delete') return { type, status: 204 };
        // The first operation on a new resource has created it.
        const status = is_new && firstSteps.get(nameOf(step)) === step ? 201 : 200;
        if (!isLast(step) || content === null) return { type, status };
        return { type, status, resource: step.part.resource.toResource(rowOfJson({ ...content })) };
      });
    },
    onStopped(error) {
      const { reason } = error;
      const isPlannedAgain = parts.some(({ resource: { planAgain } }) => planAgain === reason);
      if (isPlannedAgain || error.statement < first.length) {
        batch.read = new Map(
          parts.map(({ type, start, first: { length } }) => [type, error.rows.slice(start + 1, start + length)]),
        );
        return undefined;
      }
      const [name, place] = reason.split(' ');
      if (name === tooLarge) return resultsTooLarge(steps.indexOf(finalSteps[Number(place) - 1] as Step));
      const index = indexOf(steps, error.statement - first.length);
      const step = steps[index] as Step;
      if (reason === 'version_mismatch') {
        const before = error.rowsOf<ResourceVersion>(step.part.start).find(({ id }) => id === step.operation.id);
        return problemOfOperation(mismatch(before, firstSteps.get(nameOf(step)) === step), index, step.operation);
      }
      return problemOfOperation(stoppedProblem(reason, step), index, step.operation);
    },
    onConstraintViolation(error, quotas) {
      const index = indexOf(steps, error.statement - first.length);
      const { part, operation } = steps[index] as Step;
      const problem = part.resource.rejected(error, quotas, operation);
      return problem && problemOfOperation(problem, index, operation);
    },
  });
}

/** A resource of one kind can have the id of another kind. */
function nameOf({ operation: { type, id } }: Step): string {
  return `${type} ${id}`;
}

function partsOf(ownerId: string, { operations, timeZone, read }: Batch): Part[] {
  let start = 0;
  return Object.entries(batchable).flatMap(([type, resource]): Part[] => {
    const own = operations.filter((operation) => operation.type === type);
    if (own.length === 0) return [];
    const named = own.filter(({ isIdGiven }) => isIdGiven).map(({ id }) => id);
    const plan = resource.plan({ ownerId, operations: own, timeZone, read: read.get(type) });
    const first = [resource.readVersions(ownerId, named), ...plan.statements];
    const part = { type, resource, plan, first, start };
    start += first.length;
    return [part];
  });
}

/**
 * The statements of each operation. It throws at the operation that exceeds `maxBatchIndexCost`, before it computes the
 * words of the operations after it.
 */
function boundedSteps(operations: readonly BatchOperation[], parts: readonly Part[]): Step[] {
  const changed = new Set<string>();
  let indexCost = 0;
  return operations.map((operation, index) => {
    const part = parts.find(({ type }) => type === operation.type) as Part;
    const statements = atOperation(operation, index, () => part.plan.statementsOf(operation));
    const step: Step = { operation, part, statements };
    // PostgreSQL also reads the rows that the earlier changes of this transaction have deleted.
    indexCost += (changed.has(nameOf(step)) ? 3 : 1) * costOf(statements);
    changed.add(nameOf(step));
    // The first operation has no limit, because the same request without a batch has none.
    if (index > 0 && indexCost > maxBatchIndexCost) throw tooManyWords(index);
    return step;
  });
}

function costOf(statements: readonly OperationStatement[]): number {
  return statements.reduce((sum, { indexCost = 0 }) => sum + indexCost, 0);
}

/** @throws ProblemError with the place of the operation */
function atOperation<Result>(operation: BatchOperation, index: number, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw error instanceof ProblemError ? problemOfOperation(error, index, operation) : error;
  }
}

/**
 * The index of the operation that a statement belongs to.
 *
 * @param statement its index among the statements of all steps
 */
function indexOf(steps: readonly Step[], statement: number): number {
  let end = 0;
  return steps.findIndex(({ statements }) => {
    end += statements.length;
    return statement < end;
  });
}

function tooManyWords(index: number): ProblemError {
  const most = maxBatchIndexCost.toLocaleString('en');
  const message = `the batch has more than ${most} search words and tags up to here; send the rest in another batch`;
  return validationFailed([{ in: 'body', pointer: `/operations/${index}`, message }]);
}

function resultsTooLarge(index: number): ProblemError {
  const message = `the results up to this operation exceed ${maxResultsBytes / 1024} KiB; send it and those after it in another batch`;
  return validationFailed([{ in: 'body', pointer: `/operations/${index}`, message }]);
}

/**
 * @param before the version of the resource before the batch, which it has again; undefined if the batch has created it
 * @param isFirst whether no earlier operation of the batch is on the resource
 */
function mismatch(before: ResourceVersion | undefined, isFirst: boolean): ProblemError {
  const when = isFirst ? '' : ' after the earlier operations of the batch on it';
  return new ProblemError('version_mismatch', {
    detail: `The resource does not have the version in if_version${when}.`,
    ...(before && { extensions: { current_version: before.version } }),
  });
}

function stoppedProblem(reason: string, { part, operation }: Step): ProblemError {
  return part.resource.stopped?.(reason, operation) ?? new ProblemError(reason as ProblemError['code']);
}

/** The problem of a batch whose operation at `index` has failed. */
function problemOfOperation(problem: ProblemError, index: number, { member }: BatchOperation): ProblemError {
  const pointer = `/operations/${index}`;
  if (problem.code === 'validation_failed' && problem.errors) {
    return validationFailed(
      problem.errors.map((error) => ({ ...error, pointer: `${pointer}/${member}${error.pointer}` })),
    );
  }
  const error: FieldError = { in: 'body', pointer, message: problem.detail };
  return new ProblemError(problem.code, {
    detail: `operations/${index}: ${problem.detail}`,
    errors: [error],
    extensions: problem.extensions,
    cause: problem,
  });
}
