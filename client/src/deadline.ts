/** Deadlines of connections. `AbortSignal.any` and `AbortSignal.timeout` do not exist on every platform. */

export interface Deadline {
  /** Aborts with the caller's signal, or when the time is over. */
  readonly signal: AbortSignal;
  /** Starts the time anew. */
  restart(): void;
  /** Stops the time. */
  pause(): void;
  /** Ends the connection, if it is still open. */
  end(): void;
}

export function startDeadline(ms: number, outer: AbortSignal | null | undefined): Deadline {
  const controller = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const pause = () => clearTimeout(timer);
  const restart = () => {
    pause();
    timer = setTimeout(() => {
      controller.abort(Object.assign(new Error(`No data within ${ms} ms`), { name: 'TimeoutError' }));
    }, ms);
  };
  const abort = () => {
    pause();
    controller.abort(outer?.reason);
  };
  restart();
  onAbort(outer, abort);
  return {
    signal: controller.signal,
    restart,
    pause,
    end() {
      outer?.removeEventListener('abort', abort);
      abort();
    },
  };
}

/** Calls the function when the signal aborts, or at once if it has. */
export function onAbort(signal: AbortSignal | null | undefined, abort: () => void): void {
  if (signal?.aborted) abort();
  else signal?.addEventListener('abort', abort, { once: true });
}
