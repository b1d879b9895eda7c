/** What must hold in a tab after every change that a user can see. */
import { isEqual } from '../src/offline/merge-patch.ts';
import { fieldsOf, keyOf } from '../src/offline/operation.ts';
import type { OfflineStore } from '../src/offline/store.ts';
import { Violation } from './invariants.ts';

export class TabChecks {
  readonly #name: string;
  /** The greatest version of each resource that the tab has shown. */
  readonly #versions = new Map<string, number>();

  constructor(name: string) {
    this.#name = name;
  }

  /** @param wasRestored whether versions may have gone back */
  check(store: OfflineStore, wasRestored: boolean): void {
    checkPendingWrites(this.#name, store);
    if (!wasRestored) this.#checkVersions(store);
  }

  /** A resource is not replaced by an older version. */
  #checkVersions(store: OfflineStore): void {
    for (const { id, version } of [...store.tasks.query().get(), ...store.lists.query().get()]) {
      const before = this.#versions.get(id) ?? 0;
      if (version < before)
        throw new Violation(`${this.#name}: ${id} was shown with version ${before}, and now ${version}`);
      this.#versions.set(id, version);
    }
  }
}

/** Each pending write is visible in the tab. */
function checkPendingWrites(name: string, store: OfflineStore): void {
  const expected = new Map<string, { fields: Record<string, unknown>; isCreated: boolean; isDeleted: boolean }>();
  for (const operation of store.operations()) {
    if (operation.problem) continue;
    const key = keyOf(operation);
    const state = expected.get(key) ?? { fields: {}, isCreated: false, isDeleted: false };
    expected.set(key, state);
    Object.assign(state.fields, fieldsOf(operation));
    if (operation.action === 'create') state.isCreated = true;
    if (operation.action === 'delete') state.isDeleted = true;
  }
  for (const [key, { fields, isCreated, isDeleted }] of expected) {
    const [type, id] = key.split('/') as ['task' | 'list', string];
    const shown = (type === 'task' ? store.tasks.get(id) : store.lists.get(id)) as Record<string, unknown> | undefined;
    if (isDeleted) {
      if (shown) throw new Violation(`${name}: ${key} is shown, although its deletion is pending`);
    } else if (shown) {
      const missing = Object.entries(fields).find(([field, value]) => !isEqual(shown[field] ?? null, value));
      if (missing)
        throw new Violation(
          `${name}: the pending ${missing[0]} of ${key} is not shown: ${JSON.stringify([shown, store.operations()])}`,
        );
    } else if (isCreated && !fields.parent_id && !fields.list_id) {
      throw new Violation(`${name}: ${key} is not shown, although its creation is pending`);
    }
  }
}
