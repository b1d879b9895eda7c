/** The schemas of the lines of an import, and of its result. */
import { z } from 'zod';
import { instant } from '../../http/request/timestamp.ts';
import { listImport } from '../../lists/schemas.ts';
import { enumConstants, resourceId } from '../../resource/schemas.ts';
import { calendarDate } from '../../tasks/due/due.ts';
import { taskImport } from '../../tasks/schemas.ts';
import { exportFormat } from '../export/lines.ts';
import { maxImportLines } from './limits.ts';

const series = z.strictObject({ anchor: calendarDate, day: calendarDate }).optional();

const header = z.object({
  version: z.literal(exportFormat, {
    error: `must be ${exportFormat}: this server reads no other version of the format`,
  }),
});

const entry = z
  .strictObject({
    deleted_at: instant,
    change_set: resourceId,
    task: taskImport.optional(),
    list: listImport.optional(),
  })
  .check(({ value, issues }) => {
    if (issues.length > 0 || (value.task === undefined) !== (value.list === undefined)) return;
    issues.push({ code: 'custom', path: [], message: 'must have either a task or a list', input: value });
  });

const type = z.string();

/** The lines that create something. */
const importedSchemas = {
  list: z.strictObject({ type, list: listImport }),
  task: z.strictObject({ type, task: taskImport, series }),
  trash: z.strictObject({ type, trash: entry, series }),
};

/** By the `type` of a line. The other lines of an export are ignored: the server writes a history of its own. */
export const lineSchemas: Readonly<Record<string, z.ZodType>> = {
  ...importedSchemas,
  export: header,
  change: z.unknown(),
  token: z.unknown(),
  end: z.unknown(),
};

export type ListLine = z.output<typeof importedSchemas.list>;
export type TaskLine = z.output<typeof importedSchemas.task>;
export type TrashLine = z.output<typeof importedSchemas.trash>;

export const problemCodes = ['differs', 'deleted'] as const;

const importedTypes = ['list', 'task', 'trash'] as const;

const problem = z
  .strictObject({
    line: z.int().min(1).meta({ description: 'The number of the line in the request, from 1.', example: 7 }),
    type: z
      .enum(importedTypes)
      .meta({ id: 'ImportedType', 'x-enum-varnames': enumConstants('IMPORTED', importedTypes) }),
    id: resourceId,
    code: z.enum(problemCodes).meta({
      id: 'ImportProblemCode',
      'x-enum-varnames': enumConstants('IMPORT', problemCodes),
      description:
        '`differs`: the resource exists with other fields. `deleted`: it is in the trash, or deleted permanently.',
    }),
    message: z.string().meta({
      description: 'What differs, or what to do.',
      example: 'exists with another title, and stays as it is',
    }),
  })
  .meta({ id: 'ImportProblem', description: 'A line that was skipped.' });

const count = (description: string) => z.int().min(0).meta({ description, example: 0 });

export const importResult = z
  .strictObject({
    created: count('Lines whose resource was created.'),
    unchanged: count('Lines whose resource exists as it is in the line.'),
    skipped: count('Lines that `problems` names. They changed nothing.'),
    ignored: count('Lines of the types `export`, `change`, `token` and `end`.'),
    problems: z.array(problem).max(maxImportLines).meta({ description: 'Why lines were skipped.' }),
  })
  .meta({ id: 'ImportResult', description: 'What an import did with the lines of the request.' });

export type ImportResult = z.output<typeof importResult>;
export type ImportProblem = z.output<typeof problem>;

/** What an import does with a line whose resource is deleted. */
export const deletedChoices = ['keep', 'restore'] as const;

export const importQuery = z.strictObject({
  deleted: z
    .enum(deletedChoices)
    .default('keep')
    .meta({
      id: 'DeletedAtImport',
      'x-enum-varnames': enumConstants('DELETED', deletedChoices),
      description:
        'What happens to a task or list of a line that is in the trash, or deleted permanently: it stays deleted, or it is created again as it is in the line. Default: `keep`.',
    }),
});
