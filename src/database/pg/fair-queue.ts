/**
 * Fair queue for the connections of a pool. Requests belong to flows, for example one per user. The flows that wait are
 * served in rounds, one request per flow and round, so that a flow with many requests does not delay the others (fair
 * queueing, RFC 970). Each flow has limits on its requests in the database and in the queue.
 */

/** Whose requests they are: the id of a user, or one of `sharedFlows`. */
export type Flow = string | symbol;

/** The flows of requests that no user makes. They are symbols, because a user id can be any text. */
export const sharedFlows = {
  /** Checks, background jobs and migrations. */
  server: Symbol('server'),
  /** The embedded issuer. It has rate limits per address, which keep its clients apart. */
  issuer: Symbol('issuer'),
} as const;

/** A flow has one write in the database at a time. Another one would hold a connection while it waits for its turn. */
export type Access = 'read' | 'write';

/** No permit is available within the limits. */
export class OverloadedError extends Error {
  override readonly name = 'OverloadedError';
  /** Whether the requests of the user's own flow are the cause. */
  readonly isOwnExcess: boolean;

  constructor(message: string, isOwnExcess = false) {
    super(message);
    this.isOwnExcess = isOwnExcess;
  }
}

export interface QueueLimits {
  /** Number of permits: requests in the database. */
  readonly permits: number;
  readonly permitsPerFlow: number;
  /** Number of requests in the queue. */
  readonly length: number;
  readonly lengthPerFlow: number;
}

/** The right to use one connection. */
export interface Permit {
  readonly flow: FlowState;
  readonly access: Access;
}

export interface FairQueue {
  /** Number of queued requests. */
  readonly waiting: number;
  /**
   * @param limitMs maximum wait
   * @returns a permit if one is free; otherwise a promise. It rejects with an OverloadedError if the queue is full or the
   *   wait is over.
   */
  acquire(flow: Flow, access: Access, limitMs: number): Permit | Promise<Permit>;
  release(permit: Permit): void;
  /** Whether a write of the flow is in the database or in the queue. */
  isWriting(flow: Flow): boolean;
}

/** The requests of a flow. */
interface FlowState {
  readonly key: Flow;
  /** Number of permits that it holds. */
  active: number;
  /** Whether one of them is for a write. */
  isWriting: boolean;
  /** The round in which its next request is served. */
  round: number;
  readonly waiters: Waiter[];
}

interface Waiter {
  readonly access: Access;
  readonly limitMs: number;
  /** On the clock of `performance.now()`. */
  readonly deadline: number;
  resolve(permit: Permit): void;
  reject(error: OverloadedError): void;
}

/** Interval of the check for expired requests, and so the maximum delay of a rejection. */
const checkIntervalMs = 50;

export function createFairQueue(limits: QueueLimits): FairQueue {
  /** The flows with requests, and while requests wait, also those that were served in the current round. */
  const flows = new Map<Flow, FlowState>();
  /** The flows with queued requests, in the order in which they joined the queue or were served last. */
  let queue: FlowState[] = [];
  let free = limits.permits;
  let waiting = 0;
  let round = 0;
  // One shared timer: one per request delays garbage collection of whole requests (`docs/performance.md`).
  let checkTimer: NodeJS.Timeout | undefined;
  // Shared errors: the stack trace of a new error costs an eighth of the time of a rejected request
  // (`docs/performance.md`).
  const full = new OverloadedError(`the queue is full: ${limits.length} requests wait for a connection`);
  const flowIsFull = new OverloadedError(`${limits.lengthPerFlow} requests of the user wait for a connection`, true);

  function stateOf(key: Flow): FlowState {
    const known = flows.get(key);
    if (known) return known;
    // A new flow joins the current round, so it is served before the next request of the flows that were served in it.
    const flow: FlowState = { key, active: 0, isWriting: false, round, waiters: [] };
    flows.set(key, flow);
    return flow;
  }

  function canStart(flow: FlowState, access: Access): boolean {
    return flow.active < limits.permitsPerFlow && (access === 'read' || !flow.isWriting);
  }

  function start(flow: FlowState, access: Access): Permit {
    free -= 1;
    flow.active += 1;
    if (access === 'write') flow.isWriting = true;
    if (flow.round > round) {
      round = flow.round;
      forgetIdleFlows();
    }
    // The flow gains nothing from rounds that it missed.
    flow.round = round + 1;
    return { flow, access };
  }

  /** Forgets the flows without requests, except those that have been served in this round while others wait. */
  function forgetIdleFlows(): void {
    for (const flow of flows.values())
      if (isIdle(flow) && (waiting === 0 || flow.round <= round)) flows.delete(flow.key);
  }

  function startWaiters(): void {
    while (free > 0) {
      let next: FlowState | undefined;
      for (const flow of queue) {
        if ((!next || flow.round < next.round) && flow.waiters.some(({ access }) => canStart(flow, access)))
          next = flow;
      }
      if (!next) return;
      const flow = next;
      const index = flow.waiters.findIndex(({ access }) => canStart(flow, access));
      const [waiter] = flow.waiters.splice(index, 1) as [Waiter];
      waiting -= 1;
      queue = queue.filter((each) => each !== flow);
      if (flow.waiters.length > 0) queue.push(flow);
      waiter.resolve(start(flow, waiter.access));
    }
  }

  /** The error for another request of a flow if the queue is full. It makes room if another flow has more requests. */
  function refusal(flow: FlowState): OverloadedError | undefined {
    if (flow.waiters.length >= limits.lengthPerFlow) return typeof flow.key === 'string' ? flowIsFull : full;
    if (waiting < limits.length) return undefined;
    const longest = queue.reduce((one, other) => (other.waiters.length > one.waiters.length ? other : one));
    if (longest.waiters.length <= flow.waiters.length + 1) return full;
    waiting -= 1;
    longest.waiters.pop()?.reject(full);
    return undefined;
  }

  function rejectExpired(): void {
    const now = performance.now();
    for (const { waiters } of queue) {
      const expired = waiters.filter(({ deadline }) => deadline <= now);
      if (expired.length === 0) continue;
      waiting -= expired.length;
      waiters.splice(0, Number.POSITIVE_INFINITY, ...waiters.filter(({ deadline }) => deadline > now));
      for (const { limitMs, reject } of expired) {
        reject(new OverloadedError(`no connection was free for ${limitMs} ms`));
      }
    }
    queue = queue.filter(({ waiters }) => waiters.length > 0);
    if (waiting === 0) forgetIdleFlows();
    checkTimer = waiting > 0 ? setTimeout(rejectExpired, checkIntervalMs) : undefined;
  }

  return {
    get waiting() {
      return waiting;
    },

    acquire(key, access, limitMs) {
      const flow = stateOf(key);
      // If a permit is free, all queued requests have reached a limit of their flow.
      if (free > 0 && canStart(flow, access)) return start(flow, access);
      const error = refusal(flow);
      if (error) {
        if (isIdle(flow) && flow.round <= round) flows.delete(key);
        return Promise.reject(error);
      }
      return new Promise((resolve, reject) => {
        if (flow.waiters.length === 0) queue.push(flow);
        flow.waiters.push({ access, limitMs, deadline: performance.now() + limitMs, resolve, reject });
        waiting += 1;
        if (!checkTimer) checkTimer = setTimeout(rejectExpired, checkIntervalMs);
      });
    },

    release({ flow, access }) {
      free += 1;
      flow.active -= 1;
      if (access === 'write') flow.isWriting = false;
      if (waiting > 0) {
        startWaiters();
        if (waiting === 0) forgetIdleFlows();
      } else if (flow.active === 0) flows.delete(flow.key);
    },

    isWriting(key) {
      const flow = flows.get(key);
      return flow !== undefined && (flow.isWriting || flow.waiters.some(({ access }) => access === 'write'));
    },
  };
}

function isIdle({ active, waiters }: FlowState): boolean {
  return active === 0 && waiters.length === 0;
}
