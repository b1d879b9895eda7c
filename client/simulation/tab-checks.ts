/** What must hold in a tab after every change that a user can see. */
import type { Task } from '../src/generated/api.ts';
import { isEqual } from '../src/offline/merge-patch.ts';
import { fieldsOf, keyOf, type Operation, type Resource } from '../src/offline/operation.ts';
import { maxLevels } from '../src/offline/places.ts';
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
    checkLastMove(this.#name, store);
    checkSubtasks(this.#name, store);
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

interface Expected {
  fields: Record<string, unknown>;
  isCreated: boolean;
  isDeleted: boolean;
  /** Whether it is beside a sibling, so that its list and its parent are those of the sibling. */
  isBeside: boolean;
}

/** Each pending write is visible in the tab. */
function checkPendingWrites(name: string, store: OfflineStore): void {
  const expected = new Map<string, Expected>();
  for (const operation of pendingOf(store)) {
    const key = keyOf(operation);
    const state = expected.get(key) ?? { fields: {}, isCreated: false, isDeleted: false, isBeside: false };
    expected.set(key, state);
    expect(state, operation);
  }
  for (const [key, { fields, isCreated, isDeleted, isBeside }] of expected) {
    const [type, id] = key.split('/') as ['task' | 'list', string];
    const shown = shownIn(store, type, id);
    if (isDeleted) {
      if (shown) throw new Violation(`${name}: ${key} is shown, although its deletion is pending`);
    } else if (shown) {
      // A subtask is in the list of its parent.
      if (shown.parent_id) delete fields.list_id;
      const missing = Object.entries(fields).find(([field, value]) => !isEqual(shown[field] ?? null, value));
      if (missing)
        throw new Violation(
          `${name}: the pending ${missing[0]} of ${key} is not shown: ${JSON.stringify([shown, store.operations()])}`,
        );
    } else if (isCreated && !isBeside && !fields.parent_id && !fields.list_id) {
      throw new Violation(`${name}: ${key} is not shown, although its creation is pending`);
    }
  }
}

function expect(state: Expected, operation: Operation): void {
  const { before, after, to, ...fields } = fieldsOf(operation);
  if (operation.action === 'create') state.isCreated = true;
  if (operation.action === 'delete') state.isDeleted = true;
  if (operation.action === 'move' && !to) {
    state.isBeside = true;
    delete state.fields.list_id;
    delete state.fields.parent_id;
  } else {
    Object.assign(state.fields, fields);
  }
}

/** The last write is a move: its place is shown, whatever other devices have done in the meantime. */
function checkLastMove(name: string, store: OfflineStore): void {
  const operation = pendingOf(store).at(-1);
  if (operation?.action !== 'move') return;
  const { type, resourceId } = operation;
  const { before, after, to, ...destination } = fieldsOf(operation);
  const shown = shownIn(store, type, resourceId);
  const sibling = shownIn(store, type, (before ?? after) as string);
  // Another device has deleted one of them, and the server will reject the move.
  if (!shown || (!to && !sibling)) return;
  const resources = (type === 'task' ? store.tasks : store.lists).query().get() as readonly unknown[];
  const { list_id, parent_id } = sibling ?? shown;
  const group = (resources as Resource[]).filter((each) => each.list_id === list_id && each.parent_id === parent_id);
  const place = group.indexOf(shown);
  const isAtPlace = sibling
    ? place >= 0 && group[place + (before ? 1 : -1)] === sibling
    : place === (to === 'start' ? 0 : group.length - 1);
  // The server will reject a destination without the sibling.
  if (isAtPlace || (place < 0 && Object.keys(destination).length > 0)) return;
  const order = group.map(({ id, position }) => `${id} ${position}`);
  throw new Violation(`${name}: ${resourceId} is not shown at ${operation.body}, but in this order: ${order}`);
}

/** Subtasks are in the list of their parent. */
function checkSubtasks(name: string, { tasks }: OfflineStore): void {
  for (const { id, list_id, parent_id } of tasks.query().get()) {
    const parent: Task | undefined = parent_id ? tasks.get(parent_id) : undefined;
    // The server will reject a move below an own subtask.
    if (parent && parent.list_id !== list_id && !isBelow(parent, id, tasks)) {
      throw new Violation(`${name}: ${id} is in the list ${list_id}, and its parent in ${parent.list_id}`);
    }
  }
}

function isBelow(task: Task, id: string, tasks: OfflineStore['tasks'], level = 0): boolean {
  if (task.id === id || level > maxLevels) return true;
  const parent = task.parent_id ? tasks.get(task.parent_id) : undefined;
  return parent !== undefined && isBelow(parent, id, tasks, level + 1);
}

function pendingOf(store: OfflineStore): Operation[] {
  return store.operations().filter(({ problem }) => !problem);
}

function shownIn(store: OfflineStore, type: 'task' | 'list', id: string): Resource | undefined {
  return (type === 'task' ? store.tasks.get(id) : store.lists.get(id)) as Resource | undefined;
}
