/** The schemas, and the roles that the login switches to for statements on user data. */

/** Schema of the tables with user data. The server does not start if a table in it lacks row-level security. */
export const todoSchemaName = 'todo';

/** Schema of Better Auth's tables. `userRole` has no access to it. */
export const authSchemaName = 'todo_auth';

/** Schema of the server's own tables. */
export const adminSchemaName = 'todo_admin';

/** The role of every statement on user data. It cannot log in, is no superuser and cannot bypass the policies. */
export const userRole = 'todo_user';

/** Janitor role: it sees and deletes expired rows of all users, and nothing else. */
export const janitorRole = 'todo_janitor';

/** Watcher role: it reads the number of the last change of all users, and nothing else. */
export const watcherRole = 'todo_watcher';

/** Authenticator role: it finds the API token that a request presents, and no other one. */
export const authenticatorRole = 'todo_authenticator';

export const roles = [userRole, janitorRole, watcherRole, authenticatorRole] as const;

/** Name of the single policy that every table in the schema `todo` has for users. */
export const ownerPolicyName = 'owner_only';
