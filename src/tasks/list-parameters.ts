/** The query parameters of a list of tasks: its filters and its sorts. */
import { z } from 'zod';
import { repeatable } from '../http/request/parameters.ts';
import { text } from '../http/request/text.ts';
import { timestampParameter } from '../http/request/timestamp.ts';
import { resourceId } from '../resource/schemas.ts';
import { calendarDate, supportedTimeZone } from './due/due.ts';
import { priority, status, tagName } from './schemas.ts';
import { hasFewWords, maxQueriedWords, maxWords } from './search/words.ts';

const dueFilters = ['overdue', 'today', 'tomorrow', 'week', 'none', 'any'] as const;

export const dueFilter = z.enum(dueFilters).meta({ id: 'DueFilter' });

/** Maximum length of `q` in code points. */
export const maxQueryLength = 200;

export const listName = idOr('inbox');
export const parentName = idOr('none');

/** The words that a task must have. */
export const searchedWords = text(maxQueryLength).refine(
  isLongOrHasFewWords,
  `must have at most ${maxQueriedWords} words`,
);

/** The id of a resource, or the word for having none. */
function idOr(word: string) {
  return z
    .string()
    .refine(
      (value) => value === word || resourceId.safeParse(value).success,
      `must be ${word}, or a UUID in lower case with hyphens`,
    )
    .meta({ pattern: `^(${word}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$`, example: word });
}

/** For the schema of the query. */
export const filterParameters = {
  status: repeatable(status, 'Tasks with any of these statuses.'),
  priority: repeatable(priority, 'Tasks with any of these priorities.'),
  tag: repeatable(tagName, 'Tasks with any of these tags, in any case and normalization.'),
  list_id: repeatable(listName, 'Tasks in any of these lists: the id of a list, or `inbox`.'),
  parent_id: parentName
    .optional()
    .meta({ description: 'The subtasks of the task with this id; `none` for tasks at the top level.' }),
  q: searchedWords.optional().meta({
    description: `Tasks whose title or description has all of these words, at most ${maxQueriedWords}; a prefix matches a word. Of a title and of a description, the first ${maxWords.toLocaleString('en')} different words are searched. In scripts without spaces, such as Chinese and Thai, each character begins a word. Case, accents, invisible characters and the forms of apostrophes and digits are ignored. Punctuation and symbols count if they stand alone: \`!!!\` finds tasks with an exclamation mark. A query without visible characters is no filter.`,
  }),
  due: dueFilter.optional().meta({
    description:
      '`overdue`: past and not `Done`. `today`, `tomorrow`, `week` (today and the next six days): due on these days. `none`, `any`: without and with a due date. Days are those of `time_zone`.',
  }),
  due_from: calendarDate.optional().meta({ description: 'Due on this day of `time_zone` or later.' }),
  due_to: calendarDate.optional().meta({ description: 'Due on this day of `time_zone` or earlier.' }),
  time_zone: supportedTimeZone.default('UTC').meta({ description: 'The time zone of `due`, `due_from` and `due_to`.' }),
  created_from: timestampParameter('Created at this instant or later.'),
  created_to: timestampParameter('Created before this instant.'),
  updated_from: timestampParameter('Last changed at this instant or later.'),
  updated_to: timestampParameter('Last changed before this instant.'),
  completed_from: timestampParameter('Completed at this instant or later.'),
  completed_to: timestampParameter('Completed before this instant.'),
};

/** A text that is too long has another error already. Folding it would take milliseconds. */
function isLongOrHasFewWords(value: string): boolean {
  return value.length > 2 * maxQueryLength || hasFewWords(value);
}

export type ListFilters = z.output<z.ZodObject<typeof filterParameters>>;

/** Pairs of parameters of which the first must not be later than the second. */
export const ranges = [
  ['due_from', 'due_to'],
  ['created_from', 'created_to'],
  ['updated_from', 'updated_to'],
  ['completed_from', 'completed_to'],
] as const;

export type DueFilter = (typeof dueFilters)[number];

/** The sorts of a list; `-` in front means descending. */
export const sorts = [
  'created_at',
  '-created_at',
  'updated_at',
  '-updated_at',
  'due',
  '-due',
  'priority',
  '-priority',
  'title',
  '-title',
  'status',
  '-status',
  'position',
  '-position',
] as const;

export type Sort = (typeof sorts)[number];
