/**
 * The lifetime of idempotency keys. A change needs a migration (`npm run migrations:generate`), because a policy
 * contains the lifetime.
 *
 * Two modules repeat it, because they cannot import it: `src/database/schema/verify-row-security.ts` and
 * `src/problems/catalogue.ts`. The check at start-up and the tests compare them. The glossary and `docs/operations.md`
 * name it, too.
 */
export const retentionHours = 24;

/** The lifetime as an interval of SQL. */
export const retention = `interval '${retentionHours} hours'`;
