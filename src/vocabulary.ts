/** The names in the API that belong to its resources: scopes of tokens, and codes of problems. */

/** The scopes that routes require. */
export const scopes = ['tasks:read', 'tasks:write'] as const;

export type Scope = (typeof scopes)[number];

/** The scope that a token needs to receive stored resources, for the scope of each operation. */
export const readScopes: Readonly<Record<Scope, Scope>> = { 'tasks:read': 'tasks:read', 'tasks:write': 'tasks:read' };

/** The code of the problem that each resource has if no resource has the id of a request. */
export const notFoundCodes = ['task_not_found'] as const;

export type NotFoundCode = (typeof notFoundCodes)[number];
