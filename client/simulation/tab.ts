/** A tab of a device: a store, and a user who works with it. */
import type { TaskMove } from '../src/generated/api.ts';
import type { Environment } from '../src/offline/environment.ts';
import { createOfflineStore, type OfflineStore } from '../src/offline/store.ts';
import type { Device, TabOwner } from './device.ts';
import type { Network } from './network.ts';
import type { Random } from './random.ts';
import type { Scheduler } from './scheduler.ts';
import { TabChecks } from './tab-checks.ts';

export interface TabParts {
  readonly device: Device;
  readonly network: Network;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly userId: string;
  /** Whether versions may have gone back, because a backup was restored. */
  readonly wasRestored: () => boolean;
  readonly onViolation: (error: unknown) => void;
  /** Called when a write of a resource was acknowledged to the user. */
  readonly onAcknowledged: (device: Device, resourceId: string) => void;
}

export class Tab implements TabOwner {
  readonly name: string;
  isDead = false;
  store: OfflineStore | undefined;
  readonly #parts: TabParts;

  constructor(name: string, parts: TabParts) {
    this.name = name;
    this.#parts = parts;
  }

  get device(): Device {
    return this.#parts.device;
  }

  open(): void {
    const { device, network, scheduler, random, userId, onViolation, wasRestored } = this.#parts;
    const environment: Environment = {
      // 2026-01-01T00:00:00Z
      now: () => 1_767_225_600_000 + scheduler.now + device.clockOffset,
      random: () => random.next(),
      sleep: (ms, signal) => scheduler.sleep(ms, signal, this),
    };
    createOfflineStore({
      client: network.transportOf(device, this),
      storage: device.storageOf(this),
      userId,
      tabs: device.tabsOf(this),
      environment,
    }).then((store) => {
      this.store = store;
      const checks = new TabChecks(this.name);
      const check = () => {
        try {
          checks.check(store, wasRestored());
        } catch (error) {
          onViolation(error);
        }
      };
      store.subscribe(check);
      check();
    }, this.#ended);
  }

  /** The tab ends without any further step. */
  crash(): void {
    if (this.isDead) return;
    this.isDead = true;
    const { scheduler, device } = this.#parts;
    scheduler.add(`${this.name} ended`, undefined, () => device.forget(this));
  }

  close(): void {
    const { store } = this;
    this.store = undefined;
    store?.close().then(() => {
      this.isDead = true;
    }, this.#ended);
  }

  /** One step of the user. */
  act(marker: string): void {
    // The storage fails, or another tab has deleted the resource.
    this.#act(marker)?.then(
      (resource) => {
        if (resource) this.#parts.onAcknowledged(this.device, (resource as { readonly id: string }).id);
      },
      () => {},
    );
  }

  #act(marker: string): Promise<unknown> | undefined {
    const { store } = this;
    const { random } = this.#parts;
    if (!store) return undefined;
    const title = random.chance(0.1) ? ' ' : marker;
    const task = random.pick([undefined, ...store.tasks.query().get()]);
    const list = random.pick([undefined, ...store.lists.query().get()]);
    const status = random.pick(['Todo', 'InProgress', 'Done'] as const);
    const tasks = random.pick([undefined, 'keep', 'delete'] as const);
    const place = { list_id: list?.id ?? null, parent_id: null };
    return random.pick([
      () => store.tasks.create({ title, ...place }),
      () => store.tasks.create({ title, ...place }),
      () => store.tasks.create({ title, parent_id: task?.id ?? null, list_id: task?.list_id ?? null }),
      () => task && store.tasks.update(task.id, { title }),
      () => task && store.tasks.update(task.id, { title }),
      () => task && store.tasks.update(task.id, { status }),
      () => task && store.tasks.update(task.id, { ...place, description: marker }),
      () => task && store.tasks.move(task.id, this.#taskPlace(store)),
      () => task && store.tasks.move(task.id, this.#taskPlace(store)),
      () => task && store.tasks.move(task.id, this.#taskPlace(store)),
      () => task && store.tasks.delete(task.id),
      () => store.lists.create({ name: title }),
      () => list && store.lists.move(list.id, this.#placeBeside(random.pick(store.lists.query().get()).id)),
      () => list && store.lists.update(list.id, { name: title }),
      () => list && store.lists.delete(list.id, tasks),
      () => this.#settleRejected(store, marker),
      () => this.#settleRejected(store, marker),
    ])();
  }

  #taskPlace(store: OfflineStore): TaskMove {
    const { random } = this.#parts;
    const sibling = random.pick(store.tasks.query().get());
    const list = random.pick([undefined, ...store.lists.query().get()]);
    const to = random.pick(['start', 'end'] as const);
    return random.pick<TaskMove>([
      this.#placeBeside(sibling.id),
      this.#placeBeside(sibling.id),
      { ...this.#placeBeside(sibling.id), list_id: sibling.list_id, parent_id: sibling.parent_id },
      { to },
      { to, list_id: list?.id ?? null, parent_id: null },
      { to, parent_id: sibling.id },
    ]);
  }

  #placeBeside(id: string): { before: string } | { after: string } | { to: 'start' | 'end' } {
    return this.#parts.random.pick([{ before: id }, { after: id }, { after: id }, { to: 'start' }, { to: 'end' }]);
  }

  #settleRejected(store: OfflineStore, marker: string): Promise<void> | undefined {
    const { random } = this.#parts;
    const operation = random.pick([undefined, ...store.status().rejected]);
    if (!operation) return undefined;
    if (random.chance(0.5)) return store.dismiss(operation.id);
    if (operation.action === 'move') return store.retry(operation.id, { to: 'end' });
    return store.retry(operation.id, operation.type === 'task' ? { title: marker } : { name: marker });
  }

  #ended = (error: unknown): void => {
    // The storage failed while the store opened or closed.
    if (!(error instanceof Error) || error.message !== 'QuotaExceededError') this.#parts.onViolation(error);
    this.crash();
  };
}
