/**
 * The time for which an expired token stays in the list of its user, as an interval of SQL. A change needs a migration,
 * because a policy contains it. `src/database/schema/verify-row-security.ts` repeats it.
 */
export const expiredForDays = 30;

export const expiredFor = `interval '${expiredForDays} days'`;
