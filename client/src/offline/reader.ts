/** The reader: the leader reads the changes of the server, first with requests up to the present, and then as a stream. */
import type { Query } from '../connection.ts';
import { TodoProblem } from '../problem.ts';
import { Backoff } from './backoff.ts';
import type { Environment } from './environment.ts';
import { type ChangesPage, DeltaPages, receiveDelta } from './receive.ts';
import type { SharedReplica } from './shared-replica.ts';
import type { Transport } from './transport.ts';

/** Changes per page, the greatest number that the API allows. */
const pageSize = 500;

/** Milliseconds after which the reader asks for the changes that contain an own operation, if the stream has not had them. */
const confirmationMs = 5_000;

export interface ReaderParts {
  readonly shared: SharedReplica;
  readonly transport: Transport;
  readonly environment: Environment;
  readonly userId: string;
  /** @param error the reason why no changes arrive, or undefined if the copy is up to date */
  readonly onConnection: (error: unknown) => void;
}

/** The token belongs to another user than the store. */
export class OtherUserError extends Error {
  override readonly name = 'OtherUserError';
  constructor(expected: string, actual: string) {
    super(
      `The store belongs to the user ${expected}, but the token to ${actual}. Close the store when the user signs out, and create one per user.`,
    );
  }
}

export class Reader {
  readonly #parts: ReaderParts;
  readonly #backoff: Backoff;
  /** The read in progress. Several callers share it. */
  #catchUp: Promise<void> | undefined;
  #stream = new AbortController();
  #isUserChecked = false;
  #isAwaitingConfirmation = false;

  constructor(parts: ReaderParts) {
    this.#parts = parts;
    this.#backoff = new Backoff(parts.environment);
  }

  /** The server may be reachable again. */
  skipPause(): void {
    this.#backoff.skip();
  }

  /** @param onPresent called when the replica has all changes up to the present */
  async run(signal: AbortSignal, onPresent: () => void): Promise<void> {
    const stop = () => {
      this.#stream.abort();
      this.#backoff.stop();
    };
    signal.addEventListener('abort', stop);
    while (!signal.aborted) {
      await this.#backoff.wait();
      if (signal.aborted) break;
      try {
        await this.catchUp(signal);
        this.#backoff.succeed();
        this.#parts.onConnection(undefined);
        onPresent();
        await this.#follow(signal);
      } catch (error) {
        if (signal.aborted) break;
        this.#isUserChecked = false;
        this.#parts.onConnection(error);
        this.#backoff.fail();
      }
    }
    signal.removeEventListener('abort', stop);
  }

  /** Reads all changes up to the present, and commits them at once. */
  catchUp(signal: AbortSignal): Promise<void> {
    this.#catchUp ??= this.#readAll(signal).finally(() => {
      this.#catchUp = undefined;
    });
    return this.#catchUp;
  }

  /** Own operations are confirmed. If the stream does not bring the changes that contain them, requests do. */
  noteAnswers(): void {
    const { shared, environment } = this.#parts;
    const { signal } = this.#stream;
    if (this.#isAwaitingConfirmation || signal.aborted || shared.replica.answers.size === 0) return;
    this.#isAwaitingConfirmation = true;
    const { revision } = shared.replica;
    void environment.sleep(confirmationMs, signal).then(() => {
      this.#isAwaitingConfirmation = false;
      const isUnconfirmed = [...shared.replica.answers.values()].some((answer) => answer.revision <= revision);
      if (isUnconfirmed && signal === this.#stream.signal) this.#stream.abort();
      else this.noteAnswers();
    });
  }

  async #readAll(signal: AbortSignal): Promise<void> {
    const { shared } = this.#parts;
    await this.#checkUser(signal);
    const pages = new DeltaPages(shared.replica.cursor);
    for (;;) {
      const requestedAt = shared.replica.revision;
      const page = await this.#readPage(pages, signal);
      pages.add(page);
      if (!page.has_more) return this.#commit(pages, requestedAt);
    }
  }

  async #readPage(pages: DeltaPages, signal: AbortSignal): Promise<ChangesPage> {
    const query = { since: pages.cursor, limit: pageSize };
    try {
      return (await this.#get('/api/v1/changes', query, signal)) as ChangesPage;
    } catch (error) {
      // Another version of the server has other cursors.
      if (!(error instanceof TodoProblem && error.code === 'validation_failed') || pages.cursor === null) throw error;
      pages.restart();
      return this.#readPage(pages, signal);
    }
  }

  async #get(path: string, query: Query, signal: AbortSignal): Promise<unknown> {
    const { body } = await this.#parts.transport.request({ method: 'GET', path, query, signal, retry: false });
    return body;
  }

  /** A token of another user would bring that user's tasks, and send this user's writes there. */
  async #checkUser(signal: AbortSignal): Promise<void> {
    if (this.#isUserChecked) return;
    const { userId } = this.#parts;
    const { id } = (await this.#get('/api/v1/me', {}, signal)) as { readonly id: string };
    if (id !== userId) throw new OtherUserError(userId, id);
    this.#isUserChecked = true;
  }

  #commit(pages: DeltaPages, requestedAt: number): Promise<void> {
    const { shared, userId } = this.#parts;
    const delta = pages.complete(requestedAt);
    return shared.commit((replica) => receiveDelta(replica, userId, delta));
  }

  /** Commits the changes of a stream until it ends, or until it does not continue the replica any more. */
  async #follow(signal: AbortSignal): Promise<void> {
    const { transport, shared } = this.#parts;
    this.#stream = new AbortController();
    const { signal: streamSignal } = this.#stream;
    if (signal.aborted) return;
    this.noteAnswers();
    const requestedAt = shared.replica.revision;
    let pages = new DeltaPages(shared.replica.cursor);
    try {
      for await (const page of transport.events({ since: pages.cursor ?? undefined, signal: streamSignal })) {
        // A snapshot is read with requests, because they have larger pages.
        if (page.reset) return;
        pages.add(page as ChangesPage);
        if (page.has_more) continue;
        await this.#commit(pages, requestedAt);
        if (shared.replica.cursor !== page.cursor) return;
        pages = new DeltaPages(page.cursor);
      }
    } catch (error) {
      if (!streamSignal.aborted) throw error;
    } finally {
      this.#stream.abort();
    }
  }
}
