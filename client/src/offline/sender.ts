/** The sender: the leader sends the operations of the queue one after another, and repeats them until there is an outcome. */
import { Backoff, pauseMs } from './backoff.ts';
import type { Environment } from './environment.ts';
import type { Operation } from './operation.ts';
import { type Outcome, outcomeOfError, outcomeOfResponse } from './outcome.ts';
import { confirmOperation, rejectOperation, removeOperation } from './settle.ts';
import type { SharedReplica } from './shared-replica.ts';
import type { Transport } from './transport.ts';
import { WakeUp } from './wake-up.ts';

export interface SenderParts {
  readonly shared: SharedReplica;
  readonly transport: Transport;
  readonly environment: Environment;
  /** Reads all changes up to the present. */
  readonly catchUp: () => Promise<void>;
  /** @param error the reason why nothing can be sent, or undefined if the server has answered */
  readonly onConnection: (error: unknown) => void;
}

export class Sender {
  readonly #parts: SenderParts;
  readonly #backoff: Backoff;
  readonly #work = new WakeUp();
  /** How often each postponed operation has failed. */
  readonly #failures = new Map<string, number>();
  /** Operations that wait before they are sent again, and what ends their pause. */
  readonly #postponed = new Map<string, AbortController>();

  constructor(parts: SenderParts) {
    this.#parts = parts;
    this.#backoff = new Backoff(parts.environment);
  }

  /** The queue may have changed. */
  wake(): void {
    this.#work.wake();
  }

  /** The server may be reachable again. */
  skipPause(): void {
    this.#backoff.skip();
    for (const pause of this.#postponed.values()) pause.abort();
  }

  async run(signal: AbortSignal): Promise<void> {
    const stop = () => {
      this.wake();
      this.#backoff.stop();
      this.skipPause();
    };
    signal.addEventListener('abort', stop);
    while (!signal.aborted) {
      await this.#backoff.wait();
      const operation = nextOperation(this.#parts.shared.replica.queue, this.#postponed);
      if (!operation) await this.#work.wait();
      else if (!signal.aborted) await this.#send(operation, signal);
    }
    signal.removeEventListener('abort', stop);
  }

  async #send(operation: Operation, signal: AbortSignal): Promise<void> {
    const { transport, onConnection } = this.#parts;
    const { method, path, body, key } = operation;
    let outcome: Outcome;
    let failure: unknown = new Error('The response is not from the API. Check the URL and the network.');
    try {
      const headers = { 'Idempotency-Key': key };
      const response = await transport.request({
        method,
        path,
        body: body ?? undefined,
        headers,
        signal,
        retry: false,
      });
      outcome = outcomeOfResponse(operation, response);
    } catch (error) {
      if (signal.aborted) return;
      outcome = outcomeOfError(operation, error);
      failure = error;
    }
    if (outcome.kind === 'unavailable') onConnection(failure);
    else {
      this.#backoff.succeed();
      onConnection(undefined);
      if (outcome.kind !== 'postponed') this.#failures.delete(operation.id);
    }
    try {
      await this.#settle(operation, outcome);
    } catch (error) {
      // The outcome could not be stored. The operation is still in the queue, and its key makes the repetition harmless.
      if (signal.aborted) return;
      onConnection(error);
      this.#backoff.fail();
    }
  }

  async #settle(operation: Operation, outcome: Outcome): Promise<void> {
    const { shared, catchUp } = this.#parts;
    switch (outcome.kind) {
      case 'confirmed':
        return shared.commit((replica) => confirmOperation(replica, operation, outcome.resource));
      case 'rejected':
        return shared.commit((replica) => rejectOperation(replica, operation, outcome.problem));
      case 'executedBefore':
        await catchUp();
        return shared.commit((replica) => removeOperation(replica, operation));
      case 'unavailable':
        return this.#backoff.fail(outcome.retryAfterMs);
      case 'postponed':
        return this.#postpone(operation, outcome.retryAfterMs);
    }
  }

  #postpone({ id }: Operation, minMs: number): void {
    const { environment } = this.#parts;
    const failures = (this.#failures.get(id) ?? 0) + 1;
    this.#failures.set(id, failures);
    const pause = new AbortController();
    this.#postponed.set(id, pause);
    const ms = Math.max(minMs, pauseMs(failures, environment.random()));
    void environment.sleep(ms, pause.signal).then(() => {
      this.#postponed.delete(id);
      this.wake();
    });
  }
}

/** The first pending operation that neither is postponed nor depends on an earlier one that is. */
export function nextOperation(
  queue: readonly Operation[],
  postponed: Pick<ReadonlySet<string>, 'has'>,
): Operation | undefined {
  const waiting = new Set<string>();
  for (const operation of queue) {
    if (operation.problem) continue;
    if (!postponed.has(operation.id) && !operation.ids.some((id) => waiting.has(id))) return operation;
    for (const id of operation.ids) waiting.add(id);
  }
  return undefined;
}
