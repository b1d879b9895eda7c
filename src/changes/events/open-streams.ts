/** Registry of the open event streams or of the waiting requests of this process. It limits their number and ends them. */
import { ProblemError } from '../../problems/problem.ts';

/** Open streams of a user, on this process. */
export const maxStreamsPerUser = 10;

/** Open streams of this process. */
export const maxStreams = 5_000;

/** Limits of one kind of stream. A request that waits for a change is a stream that ends at the change. */
export interface StreamLimits {
  /** The plural, for messages. */
  readonly name: string;
  readonly maxPerUser: number;
  readonly maxPerProcess: number;
  /** What a user with too many of them does. */
  readonly advice: string;
}

export const streamLimits: StreamLimits = {
  name: 'open event streams',
  maxPerUser: maxStreamsPerUser,
  maxPerProcess: maxStreams,
  advice: 'Close one first, or share one stream among tabs.',
};

/** Maximum age of a stream in milliseconds. Proxies and load balancers close connections of any age anyway. */
export const maxAgeMs = 15 * 60_000;

/** `unavailable`: the changes could not be read. */
export const endReasons = [
  'token_expired',
  'token_revoked',
  'max_age',
  'shutdown',
  'unavailable',
  'client_closed',
] as const;

export type EndReason = (typeof endReasons)[number];

export interface OpenStream {
  /** Aborts with an `EndReason` when the stream must end. */
  readonly signal: AbortSignal;
  end(reason: EndReason): void;
  /** Frees the place of the stream. */
  close(): void;
}

export interface OpenStreams {
  readonly count: number;
  /**
   * @param expiresAt the end of the token's validity, in milliseconds since 1970
   * @throws ProblemError rate_limited or overloaded
   */
  open(userId: string, expiresAt: number): OpenStream;
  /** Ends all streams, also those that open later. */
  endAll(): void;
}

export function createOpenStreams(limits: StreamLimits): OpenStreams {
  const streams = new Set<OpenStream>();
  const countOf = new Map<string, number>();
  let isShuttingDown = false;

  return {
    get count() {
      return streams.size;
    },

    open(userId, expiresAt) {
      const count = countOf.get(userId) ?? 0;
      if (count >= limits.maxPerUser) throw tooManyOfUser(limits);
      if (streams.size >= limits.maxPerProcess) throw tooMany(limits);
      countOf.set(userId, count + 1);
      const ending = new AbortController();
      const end = (reason: EndReason) => ending.abort(reason);
      const leftMs = Math.max(0, expiresAt - Date.now());
      const timer = setTimeout(
        end,
        Math.min(leftMs, maxAgeMs),
        leftMs < maxAgeMs ? 'token_expired' : 'max_age',
      ).unref();
      const stream: OpenStream = {
        signal: ending.signal,
        end,
        close() {
          if (!streams.delete(stream)) return;
          clearTimeout(timer);
          const left = (countOf.get(userId) ?? 1) - 1;
          if (left > 0) countOf.set(userId, left);
          else countOf.delete(userId);
        },
      };
      streams.add(stream);
      if (isShuttingDown) end('shutdown');
      return stream;
    },

    endAll() {
      isShuttingDown = true;
      for (const { end } of streams) end('shutdown');
    },
  };
}

function tooManyOfUser({ name, maxPerUser, advice }: StreamLimits): ProblemError {
  return new ProblemError('rate_limited', {
    detail: `You have ${maxPerUser} ${name}, the maximum. ${advice}`,
    reason: name,
    headers: { 'Retry-After': '60' },
  });
}

function tooMany({ name, maxPerProcess }: StreamLimits): ProblemError {
  return new ProblemError('overloaded', {
    reason: `${maxPerProcess} ${name}, the maximum`,
    headers: { 'Retry-After': '10' },
  });
}
