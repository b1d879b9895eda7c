/** The resources whose operations can be in a batch, by the names that they have in requests and responses. */
import { listBatch } from '../lists/batch.ts';
import { resource as list } from '../lists/statements.ts';
import type { BatchableResource } from '../resource/batch.ts';
import { taskBatch } from '../tasks/batch.ts';
import { resource as task } from '../tasks/sql/columns.ts';

export const batchable: Readonly<Record<string, BatchableResource>> = { [task]: taskBatch, [list]: listBatch };
