/** The replica that the tabs of a user share: each tab has a copy in memory, and every commit goes through the storage. */
import { Replica } from './replica.ts';
import type { OfflineStorage, RecordChange } from './storage.ts';
import type { TabChannel } from './tabs.ts';

export interface CommitMessage {
  readonly kind: 'commit';
  readonly revision: number;
  readonly changes: readonly RecordChange[];
}

/** @param touched the keys of the resources that may differ now; undefined if all of them may */
export type OnChange = (touched: ReadonlySet<string> | undefined) => void;

export class SharedReplica {
  readonly replica = new Replica();
  readonly #storage: OfflineStorage;
  readonly #channel: TabChannel;
  readonly #onChange: OnChange;
  /** The last step. Steps run one after another, because each one is decided on the revision that the last one left. */
  #last: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(storage: OfflineStorage, channel: TabChannel, onChange: OnChange) {
    this.#storage = storage;
    this.#channel = channel;
    this.#onChange = onChange;
  }

  /**
   * Commits what `decide` returns. It is durable when the promise resolves. If another tab commits first, this tab reads the
   * records again and decides again.
   */
  commit(decide: (replica: Replica) => readonly RecordChange[]): Promise<void> {
    return this.#inTurn(async () => {
      for (;;) {
        const changes = decide(this.replica);
        if (changes.length === 0) return;
        const revision = this.replica.revision + 1;
        if (await this.#storage.commit(revision - 1, changes)) {
          const message: CommitMessage = { kind: 'commit', revision, changes };
          this.#channel.post(message);
          this.#onChange(this.replica.apply(revision, changes));
          return;
        }
        await this.#load();
      }
    });
  }

  /** A commit of another tab. */
  receive({ revision, changes }: CommitMessage): Promise<void> {
    return this.#inTurn(async () => {
      if (revision <= this.replica.revision) return;
      if (revision === this.replica.revision + 1) this.#onChange(this.replica.apply(revision, changes));
      else await this.#load();
    });
  }

  /** Reads the records again if another tab has committed and its message has not arrived. */
  refresh(): Promise<void> {
    return this.#inTurn(async () => {
      if ((await this.#storage.readRevision()) !== this.replica.revision) await this.#load();
    });
  }

  /** Reads all records. */
  load(): Promise<void> {
    return this.#inTurn(() => this.#load());
  }

  /** Waits for the last step. Further steps reject. */
  close(): Promise<void> {
    const last = this.#last.then(() => {});
    this.#isClosed = true;
    return last;
  }

  async #load(): Promise<void> {
    const isOpen = this.replica.meta !== undefined;
    this.replica.load(await this.#storage.read());
    this.#onChange(undefined);
    if (isOpen && !this.replica.meta) throw new Error('The records were erased. Create another store.');
  }

  #inTurn(step: () => Promise<void>): Promise<void> {
    if (this.#isClosed) return Promise.reject(new Error('The store is closed. Create another one.'));
    const result = this.#last.then(step);
    this.#last = result.catch(() => {});
    return result;
  }
}
