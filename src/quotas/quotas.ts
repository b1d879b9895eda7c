/** Quotas: the maximum number of rows that a user has of a resource. */
import { ProblemError } from '../problems/problem.ts';
import { type LimitedResource, limitedResources, quotas as settings } from '../vocabulary.ts';

/** The maximum of each resource; 0 disables a quota. */
export type Quotas = Readonly<Record<LimitedResource, number>>;

/**
 * SQL that sets the quotas until the transaction ends. The triggers reject an insert beyond them, so a quota is
 * exact, and costs no statement of its own.
 *
 * @param firstParameter the number of the first of its parameters, which `quotaValues` returns
 */
export function setQuotas(firstParameter: number): string {
  return limitedResources
    .map((resource, index) => `set_config('app.max_${resource}', $${firstParameter + index}, true)`)
    .join(', ');
}

/** The trigger reads an empty text as no quota. */
export function quotaValues(quotas: Quotas): string[] {
  return limitedResources.map((resource) => (quotas[resource] === 0 ? '' : String(quotas[resource])));
}

/**
 * The problem of a write beyond a quota.
 *
 * @param constraint the constraint that PostgreSQL names in its error
 * @returns undefined if the constraint is no quota
 */
export function quotaProblem(constraint: string | undefined, quotas: Quotas): ProblemError | undefined {
  const resource = limitedResources.find((name) => constraint === `${name}_quota`);
  if (!resource) return undefined;
  const maximum = quotas[resource].toLocaleString('en');
  return new ProblemError('quota_exceeded', {
    detail: `The quota of ${maximum} ${resource} per user is used up. ${settings[resource].remedy}`,
  });
}
