/** A device: the storage, the locks and the messages that its tabs share. */
import { Replica } from '../src/offline/replica.ts';
import type { OfflineStorage, RecordChange, StoragePlace } from '../src/offline/storage.ts';
import type { Tabs } from '../src/offline/tabs.ts';
import { type DeviceFaults, noDeviceFaults } from './faults.ts';
import type { Random } from './random.ts';
import type { Owner, Scheduler } from './scheduler.ts';

/** Called after each durable commit, with the records before and after it. */
export type OnCommit = (before: Replica, after: Replica, changes: readonly RecordChange[]) => void;

export interface TabOwner extends Owner {
  readonly name: string;
  crash(): void;
}

export class Device {
  readonly name: string;
  readonly faults: DeviceFaults = { ...noDeviceFaults };
  isOnline = true;
  /** A tab that ends right after its next commit, before it can send a message about it. */
  doomed: TabOwner | undefined;
  /** Milliseconds that the clock of the device is ahead. */
  clockOffset = 0;
  token = '0';
  /** Whether its tokens belong to another user. The stores of the first one must neither show nor send anything then. */
  isOfOtherUser = false;
  /** The durable records. */
  durable = new Replica();
  readonly #records = new Map<string, string>();
  #revision = 0;
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #onCommit: OnCommit;
  readonly #receivers = new Map<TabOwner, (message: unknown) => void>();
  readonly #waiting: { readonly owner: TabOwner; readonly grant: () => void }[] = [];
  #leader: TabOwner | undefined;

  constructor(name: string, scheduler: Scheduler, random: Random, onCommit: OnCommit) {
    this.name = name;
    this.#scheduler = scheduler;
    this.#random = random;
    this.#onCommit = onCommit;
  }

  storageOf(owner: TabOwner): StoragePlace {
    const later = <Value>(label: string, run: () => Value): Promise<Value> =>
      new Promise((resolve, reject) => {
        this.#scheduler.add(`${owner.name} ${label}`, owner, () => {
          try {
            const value = run();
            if (!owner.isDead) this.#scheduler.add(`${owner.name} ${label} answered`, owner, () => resolve(value));
          } catch (error) {
            reject(error);
          }
        });
      });
    const storage: OfflineStorage = {
      read: () =>
        later('read', () => ({
          revision: this.#revision,
          records: [...this.#records].map(([key, text]): RecordChange => [key, JSON.parse(text)]),
        })),
      readRevision: () => later('revision', () => this.#revision),
      commit: (revision, changes) => later('commit', () => this.#commit(owner, revision, changes)),
      erase: () => later('erase', () => this.#erase()),
      close: async () => {},
    };
    return { sharedName: this.name, open: async () => storage };
  }

  tabsOf(owner: TabOwner): Tabs {
    return {
      elect: (_name, lead, signal) =>
        new Promise((resolve) => {
          const waiting = {
            owner,
            grant: () => {
              signal.removeEventListener('abort', leave);
              void lead().then(() => {
                resolve();
                this.#releaseLock(owner);
              });
            },
          };
          const leave = () => {
            this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
            resolve();
          };
          signal.addEventListener('abort', leave);
          this.#waiting.push(waiting);
          this.#grantLock();
        }),
      connect: (_name, receive) => {
        this.#receivers.set(owner, receive);
        return {
          post: (message) => this.#post(owner, message),
          close: () => void this.#receivers.delete(owner),
        };
      },
    };
  }

  /** The browser releases the lock of a tab that has ended. */
  forget(owner: TabOwner): void {
    this.#receivers.delete(owner);
    if (this.#leader === owner) this.#releaseLock(owner);
  }

  #commit(owner: TabOwner, revision: number, changes: readonly RecordChange[]): boolean {
    if (this.#random.chance(this.faults.failedCommit)) throw new Error('QuotaExceededError');
    const isCrash = this.#random.chance(this.faults.crash);
    const isBefore = this.#random.chance(0.5);
    if (isCrash && isBefore) {
      owner.crash();
      return false;
    }
    const isCurrent = revision === this.#revision;
    if (isCurrent) this.#write(changes);
    if (isCrash || owner === this.doomed) owner.crash();
    return isCurrent;
  }

  #write(changes: readonly RecordChange[]): void {
    const before = this.durable;
    for (const [key, value] of changes) {
      if (value === undefined) this.#records.delete(key);
      else this.#records.set(key, JSON.stringify(value));
    }
    this.#revision += 1;
    this.durable = new Replica();
    this.durable.load({
      revision: this.#revision,
      records: [...this.#records].map(([key, text]): RecordChange => [key, JSON.parse(text)]),
    });
    this.#onCommit(before, this.durable, changes);
  }

  #erase(): void {
    this.#records.clear();
    this.#revision += 1;
    this.durable = new Replica();
  }

  #post(sender: TabOwner, message: unknown): void {
    const text = JSON.stringify(message);
    for (const [owner, receive] of this.#receivers) {
      if (owner === sender || this.#random.chance(this.faults.lostMessage)) continue;
      // JSON has no undefined, which deletes a record.
      const copy = JSON.parse(text, (_key, value) => value);
      restoreDeletions(copy);
      this.#scheduler.add(`${owner.name} message`, owner, () => receive(copy));
    }
  }

  #releaseLock(owner: TabOwner): void {
    if (this.#leader !== owner) return;
    this.#leader = undefined;
    this.#grantLock();
  }

  #grantLock(): void {
    this.#scheduler.add(`${this.name} lock`, undefined, () => {
      if (this.#leader && !this.#leader.isDead) return;
      const next = this.#waiting.shift();
      if (!next) return;
      if (next.owner.isDead) return this.#grantLock();
      this.#leader = next.owner;
      next.grant();
    });
  }
}

function restoreDeletions(message: { changes?: [string, unknown][] }): void {
  for (const change of message.changes ?? []) if (change[1] === null) change[1] = undefined;
}
