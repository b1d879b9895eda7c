/** The settings of a write: what the triggers of the changed tables read, until the transaction ends. */
import { type Quotas, quotaValues, setQuotas } from '../quotas/quotas.ts';
import type { ChangeSet } from './change.ts';

export interface WriteOptions {
  /** Writes must not exceed them. */
  readonly quotas: Quotas;
  /** Whether a deletion moves a resource to the trash. Otherwise it is permanent. */
  readonly hasTrash: boolean;
}

/**
 * SQL that sets them.
 *
 * @param first the number of the first of its parameters, which `writeSettings` returns
 */
export function setWriteSettings(first: number): string {
  return ['app.change_set', 'app.actor', 'app.has_trash']
    .map((name, index) => `set_config('${name}', $${first + index}, true)`)
    .concat(setQuotas(first + 3))
    .join(', ');
}

export function writeSettings({ id, actor }: ChangeSet, { quotas, hasTrash }: WriteOptions): string[] {
  return [id, actor ?? '', String(hasTrash), ...quotaValues(quotas)];
}
