/**
 * Fair queue for the connections of a pool. Requests belong to flows, for example one per user. The queue serves the
 * flows in rounds, one request per flow and round, so that a flow with many requests does not delay the others (fair
 * queueing, RFC 970). Each flow has limits on its requests in the database and in the queue.
 */

/** The key of a flow: the id of a user, or one of `sharedFlows`. */
export type Flow = string | symbol;

/** The flows of requests that no user makes. They are symbols, because a user id can be any text. */
export const sharedFlows = {
  /** Checks, background jobs and migrations. */
  server: Symbol('server'),
  /** Look-ups of API tokens, whose users are not known yet. */
  authenticator: Symbol('authenticator'),
  /** The embedded issuer. It has rate limits per address, which keep its clients apart. */
  issuer: Symbol('issuer'),
} as const;

/**
 * A flow has at most one write in the database. A second write would hold a connection while it waits for the user's
 * turn (`src/idempotency/turn.ts`).
 */
export type Access = 'read' | 'write';

/** No permit is available: the queue has no room for the request, or the request has waited too long. */
export class OverloadedError extends Error {
  override readonly name = 'OverloadedError';
  /** Whether the user's own requests are the cause. The response is then 429 instead of 503. */
  readonly isOwnExcess: boolean;

  constructor(message: string, isOwnExcess = false) {
    super(message);
    this.isOwnExcess = isOwnExcess;
  }
}

export interface QueueLimits {
  /** Maximum number of requests in the database: the permits. */
  readonly permits: number;
  readonly permitsPerFlow: number;
  /** For the flows of `sharedFlows`, whose requests come from many clients. */
  readonly permitsPerSharedFlow: number;
  /** Maximum number of requests in the queue. */
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
   * @param limitMs maximum wait in milliseconds
   * @returns a permit if one is free; otherwise a promise of one. It rejects with an OverloadedError if the queue has
   *   no room, or after the maximum wait.
   */
  acquire(flow: Flow, access: Access, limitMs: number): Permit | Promise<Permit>;
  release(permit: Permit): void;
  /** Whether a write of the flow is in the database or in the queue. */
  isWriting(flow: Flow): boolean;
}

/** A flow that has requests. */
interface FlowState {
  readonly key: Flow;
  /** Number of permits that it holds. */
  active: number;
  /** Whether one of its permits is for a write. */
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

/** Interval of the check for requests whose maximum wait is over. Their rejection is late by at most this time. */
const checkIntervalMs = 50;

export function createFairQueue(limits: QueueLimits): FairQueue {
  /** The flows with requests. While requests wait, also the flows that were served in the current round. */
  const flows = new Map<Flow, FlowState>();
  /** The flows with queued requests. A flow moves to the end when one of its requests is served. */
  let waitingFlows: FlowState[] = [];
  let freePermits = limits.permits;
  /** Number of queued requests of all flows. */
  let waiting = 0;
  let round = 0;
  // All requests share one timer. A timer per request would delay the garbage collection of the whole request
  // (`docs/performance.md`).
  let checkTimer: NodeJS.Timeout | undefined;
  // Rejected requests share two errors, because a new stack trace takes an eighth of the time of such a request.
  const full = new OverloadedError(`the queue is full: ${limits.length} requests wait for a connection`);
  const flowIsFull = new OverloadedError(`${limits.lengthPerFlow} requests of the user wait for a connection`, true);

  function stateOf(key: Flow): FlowState {
    const known = flows.get(key);
    if (known) return known;
    // A new flow joins the current round. The flows that were served in this round are served again after it.
    const flow: FlowState = { key, active: 0, isWriting: false, round, waiters: [] };
    flows.set(key, flow);
    return flow;
  }

  function canStart(flow: FlowState, access: Access): boolean {
    const permits = typeof flow.key === 'symbol' ? limits.permitsPerSharedFlow : limits.permitsPerFlow;
    return flow.active < permits && (access === 'read' || !flow.isWriting);
  }

  function start(flow: FlowState, access: Access): Permit {
    freePermits -= 1;
    flow.active += 1;
    if (access === 'write') flow.isWriting = true;
    if (flow.round > round) {
      round = flow.round;
      forgetIdleFlows();
    }
    // A flow does not catch up on rounds in which it had no request.
    flow.round = round + 1;
    return { flow, access };
  }

  /** Forgets the flows without requests. While requests wait, it keeps those that were served in the current round. */
  function forgetIdleFlows(): void {
    for (const flow of flows.values())
      if (isIdle(flow) && (waiting === 0 || flow.round <= round)) flows.delete(flow.key);
  }

  function startWaiters(): void {
    while (freePermits > 0) {
      let next: FlowState | undefined;
      for (const flow of waitingFlows) {
        if ((!next || flow.round < next.round) && flow.waiters.some(({ access }) => canStart(flow, access)))
          next = flow;
      }
      if (!next) return;
      const flow = next;
      const index = flow.waiters.findIndex(({ access }) => canStart(flow, access));
      const [waiter] = flow.waiters.splice(index, 1) as [Waiter];
      waiting -= 1;
      waitingFlows = waitingFlows.filter((each) => each !== flow);
      if (flow.waiters.length > 0) waitingFlows.push(flow);
      waiter.resolve(start(flow, waiter.access));
    }
  }

  /**
   * Makes room in the queue for a request of a flow. If the queue is full, it rejects the newest request of the flow
   * with the most queued requests.
   *
   * @returns the error if there is no room: the flow has reached its limit, or no flow has at least two more
   *   requests than this one
   */
  function makeRoom(flow: FlowState): OverloadedError | undefined {
    if (flow.waiters.length >= limits.lengthPerFlow) return typeof flow.key === 'string' ? flowIsFull : full;
    if (waiting < limits.length) return undefined;
    const longest = waitingFlows.reduce((one, other) => (other.waiters.length > one.waiters.length ? other : one));
    if (longest.waiters.length <= flow.waiters.length + 1) return full;
    waiting -= 1;
    longest.waiters.pop()?.reject(full);
    return undefined;
  }

  function rejectExpired(): void {
    const now = performance.now();
    for (const { waiters } of waitingFlows) {
      const expired = waiters.filter(({ deadline }) => deadline <= now);
      if (expired.length === 0) continue;
      waiting -= expired.length;
      waiters.splice(0, Number.POSITIVE_INFINITY, ...waiters.filter(({ deadline }) => deadline > now));
      for (const { limitMs, reject } of expired) {
        reject(new OverloadedError(`no connection was free for ${limitMs} ms`));
      }
    }
    waitingFlows = waitingFlows.filter(({ waiters }) => waiters.length > 0);
    if (waiting === 0) forgetIdleFlows();
    checkTimer = waiting > 0 ? setTimeout(rejectExpired, checkIntervalMs) : undefined;
  }

  return {
    get waiting() {
      return waiting;
    },

    acquire(key, access, limitMs) {
      const flow = stateOf(key);
      // While a permit is free, requests wait only because their flows have reached a limit. So none of them could
      // start now.
      if (freePermits > 0 && canStart(flow, access)) return start(flow, access);
      const error = makeRoom(flow);
      if (error) {
        if (isIdle(flow) && flow.round <= round) flows.delete(key);
        return Promise.reject(error);
      }
      return new Promise((resolve, reject) => {
        if (flow.waiters.length === 0) waitingFlows.push(flow);
        flow.waiters.push({ access, limitMs, deadline: performance.now() + limitMs, resolve, reject });
        waiting += 1;
        if (!checkTimer) checkTimer = setTimeout(rejectExpired, checkIntervalMs);
      });
    },

    release({ flow, access }) {
      freePermits += 1;
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
