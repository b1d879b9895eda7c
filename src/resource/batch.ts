/** Batches: operations on resources that run in order, all or none of them. Each kind of resource plans its own operations. */
import type { ZodObject, ZodType } from 'zod';
import type { BoundStatement, Row } from '../database/statement.ts';
import type { RefusedValueError } from '../database/user-database.ts';
import type { ProblemError } from '../problems/problem.ts';
import type { Quotas } from '../quotas/quotas.ts';
import type { AllowedVersions } from './preconditions.ts';

/** Maximum number of operations in a batch. */
export const maxOperations = 100;

/**
 * Maximum number of search words in a batch. A tag counts as four words, and a repeated change of a resource counts three
 * times. The rows of words and tags are most of the cost of a batch. A hundred resources with 30 words each have 3,000 words.
 */
export const maxBatchIndexCost = 3_000;

/**
 * Maximum size of the texts of all results, in bytes. Without it, a small batch of changes to large resources would have a
 * response many times its own size, which the server also stores.
 */
export const maxResultsBytes = 1024 * 1024;

/** The fields of each operation on a kind of resource. */
export interface OperationFields {
  readonly create: object;
  readonly replace: object;
  readonly update: object;
  readonly move: object;
  readonly delete: object;
}

/** An operation with its fields, which are those of the request for one resource. */
export type OperationOf<Fields extends OperationFields> = {
  [Op in keyof OperationFields]: {
    readonly op: Op;
    /** The id of the resource. A creation without an id has a new one. */
    readonly id: string;
    readonly isIdGiven: boolean;
    /** The versions of the resource in which the operation runs. */
    readonly versions: AllowedVersions;
    readonly fields: Fields[Op];
  };
}[keyof OperationFields];

/** The operations of a batch on the resources of one kind. */
export interface BatchPart<Fields extends OperationFields> {
  readonly ownerId: string;
  readonly operations: readonly OperationOf<Fields>[];
  /** The time zone of today for dates without one. */
  readonly timeZone: string;
  /** The rows of `statements` of the last plan, if the batch has one that was stopped. */
  readonly read: readonly Row[][] | undefined;
}

/** A statement of an operation. `indexCost` is that of a `BoundOutcomeStatement`. */
export type OperationStatement = BoundStatement & { readonly indexCost?: number };

export interface BatchPlan<Fields extends OperationFields> {
  /** They precede all operations. If one of them stops the batch, the batch is planned again with their rows. */
  readonly statements: readonly BoundStatement[];
  /**
   * The statements of an operation, for each operation in order. A statement stops the batch if the operation is not possible:
   * the reason is the code of a problem, or one that `stopped` knows.
   *
   * @throws ProblemError validation_failed for fields that the resource cannot have
   */
  statementsOf(operation: OperationOf<Fields>): readonly OperationStatement[];
}

/** The schemas of the fields of each operation. A creation also has the optional `id` of the resource. */
export type OperationSchemas<Fields extends OperationFields> = {
  readonly [Op in 'replace' | 'update' | 'move']: ZodType<Fields[Op]>;
} & {
  readonly create: ZodType<Fields['create'] & { readonly id?: string | undefined }>;
  /** All of them are optional. */
  readonly delete: ZodObject & ZodType<Fields['delete']>;
};

/** A kind of resource whose operations can be in a batch. */
export interface BatchableResource<Fields extends OperationFields = OperationFields> {
  readonly schemas: OperationSchemas<Fields>;
  /** The schema of the resource in a response. */
  readonly schema: ZodType;
  plan(part: BatchPart<Fields>): BatchPlan<Fields>;
  /** The statement that reads the versions of resources before the batch. */
  readVersions(ownerId: string, ids: readonly string[]): BoundStatement<ResourceVersion[]>;
  /** The reason with which a statement stops a batch that must be planned again with the rows of `BatchPlan.statements`. */
  readonly planAgain?: string;
  /** The problem of an operation that a statement has stopped; undefined if the reason is the code of the problem. */
  stopped?(reason: string, operation: OperationOf<Fields>): ProblemError | undefined;
  /** The problem of a value that PostgreSQL rejected; undefined if the rejection is an error of the server. */
  rejected(error: RefusedValueError, quotas: Quotas, operation: OperationOf<Fields>): ProblemError | undefined;
  /** SQL of the row with the columns of the resource `named.id` of the owner `$1`: the item of a `from` with the alias `current`. */
  readonly from: string;
  /** SQL of the size in bytes of the texts of `current`. */
  readonly textBytes: string;
  /** The resource as clients receive it. */
  toResource(columns: object): object;
}

/** The version of a resource before a batch. */
export interface ResourceVersion {
  readonly id: string;
  readonly version: number;
}

/** Checks the types of a kind of resource, and forgets those of its fields. */
export function defineBatchable<Fields extends OperationFields>(
  resource: BatchableResource<Fields>,
): BatchableResource {
  return resource as unknown as BatchableResource;
}
