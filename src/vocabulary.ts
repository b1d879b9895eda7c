/** What the API has for each resource: scopes of tokens, codes of problems, and quotas. */

/** The scopes that routes require. */
export const scopes = ['tasks:read', 'tasks:write', 'tasks:purge'] as const;

export type Scope = (typeof scopes)[number];

/** The scope that a token needs to receive stored resources, for the scope of each operation. */
export const readScopes: Readonly<Record<Scope, Scope>> = {
  'tasks:read': 'tasks:read',
  'tasks:write': 'tasks:read',
  'tasks:purge': 'tasks:read',
};

/** The problem that each resource has if no resource has the id of a request: its code and its detail. */
export const notFoundDetails = {
  task_not_found: 'You have no task with this id.',
  list_not_found: 'You have no list with this id.',
  tag_not_found: 'You have no tag with this name.',
  token_not_found: 'You have no API token with this id.',
} as const;

export type NotFoundCode = keyof typeof notFoundDetails;

/** The resources with a quota, by the names of their tables, and what a user can do to be below it. */
export const quotas = {
  tasks: { defaultValue: 100_000, maximum: 100_000_000, remedy: 'Delete tasks that you no longer need.' },
  tags: {
    defaultValue: 1_000,
    maximum: 1_000_000,
    remedy: 'Remove tags from tasks: a tag disappears with its last task.',
  },
  lists: { defaultValue: 1_000, maximum: 1_000_000, remedy: 'Delete lists that you no longer need.' },
} as const;

export type LimitedResource = keyof typeof quotas;

export const limitedResources = Object.keys(quotas) as LimitedResource[];
