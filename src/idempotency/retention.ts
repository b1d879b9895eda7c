/**
 * The lifetime of idempotency keys.
 *
 * Three other places repeat it because they cannot import it: the migrations, the row-security check of
 * `src/database/schema/` and the problem catalogue. The check at start-up and the tests compare them.
 */
export const retentionHours = 24;

/** The lifetime as an interval of SQL. */
export const retention = `interval '${retentionHours} hours'`;
