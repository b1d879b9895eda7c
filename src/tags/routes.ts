/** The routes of tags: the source of their validation, their types and their documentation. */
import { z } from 'zod';
import { defineRoute } from '../http/route.ts';
import { idempotencyKey, keyProblems } from '../idempotency/header.ts';
import { changeSetHeader } from '../resource/change.ts';
import { tagName } from '../tasks/schemas.ts';
import { maxRenamedTasks } from './statements.ts';

const resource = 'Tags';
const collection = '/api/v1/tags';

const tag = z
  .strictObject({
    name: tagName,
    task_count: z.int().min(1).meta({ description: 'Number of tasks with the tag.', example: 3 }),
  })
  .meta({ id: 'Tag' });

export const listTagsRoute = defineRoute({
  id: 'listTags',
  method: 'get',
  path: collection,
  tag: resource,
  summary: 'List tags',
  description: 'The tags of the user’s tasks, sorted by name.',
  token: 'tasks:read',
  request: {},
  responses: { 200: { description: 'The tags.', schema: z.array(tag) } },
  problems: [],
});

export const renameTagRoute = defineRoute({
  id: 'renameTag',
  method: 'patch',
  path: `${collection}/{name}`,
  tag: resource,
  summary: 'Rename a tag',
  description: `Renames the tag on every task. If there is a tag with the new name already, the tag is merged into it, which keeps its spelling. Case and normalization of the name in the path do not matter. Each task changes its version; all changes are in one change set. The tag may be on at most ${maxRenamedTasks.toLocaleString('en')} tasks.`,
  token: 'tasks:write',
  request: {
    path: z.strictObject({ name: tagName }),
    headers: z.object(idempotencyKey),
    body: z.strictObject({ name: tagName }).meta({ id: 'TagPatch', description: 'The new name.' }),
  },
  bodyTypes: ['application/json', 'application/merge-patch+json'],
  responses: { 200: { description: 'The tag.', schema: tag, headers: changeSetHeader } },
  problems: ['tag_not_found', ...keyProblems],
});
