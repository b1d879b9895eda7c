/** Limits of the HTTP servers on time, connections and memory. */
import { availableConnections } from './open-files.ts';

/** Times are in milliseconds. */
export interface ServerLimits {
  /** For the headers of a request, from its first byte or, for the first request, from the start of the connection. */
  readonly headersTimeoutMs: number;
  /** For a complete request. */
  readonly requestTimeoutMs: number;
  /** Without a request on a connection. */
  readonly keepAliveTimeoutMs: number;
  /** Without progress of a response: the operating system has accepted no more of it, because the client does not read. */
  readonly writeTimeoutMs: number;
  /** For a client to read a response, even if it makes progress. */
  readonly readResponseTimeoutMs: number;
  /** For a client to read the last response before the connection closes. */
  readonly lingerMs: number;
  /** Connections at a time. Beyond it, the server closes the one that has waited longest for its client. */
  readonly maxConnections: number;
  /** Idle connections that are kept for `keepAliveTimeoutMs`. The server closes more of them after `excessIdleMs`. */
  readonly maxIdleConnections: number;
  readonly excessIdleMs: number;
  /** Bytes of unread responses and of unfinished requests, of all connections. Beyond it, as for `maxConnections`. */
  readonly maxHeldBytes: number;
  /** Requests on one connection that wait for the response to an earlier request. The server closes it beyond that. */
  readonly maxPipelined: number;
  /** The interval of the checks. A timeout takes effect up to this time later. */
  readonly checkIntervalMs: number;
}

/** Connections of the API, if the limit on open files allows them. */
export const maxConnections = 10_000;

/** Of the API. TLS ends at a proxy, whose connections carry many clients, so there is no limit per address. */
export const apiLimits: ServerLimits = {
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  // Longer than the idle timeouts of proxies, so that they close idle connections first: nginx and AWS ALB have 60 s by
  // default, and Google Cloud has 600 s.
  keepAliveTimeoutMs: 620_000,
  writeTimeoutMs: 30_000,
  readResponseTimeoutMs: 300_000,
  lingerMs: 2_000,
  maxConnections: Math.min(maxConnections, availableConnections()),
  maxIdleConnections: 1_000,
  excessIdleMs: 10_000,
  maxHeldBytes: 64 * 1024 * 1024,
  maxPipelined: 32,
  checkIntervalMs: 1_000,
};

/** Of the metrics, which only monitoring systems read, over few connections. */
export const metricsLimits: ServerLimits = {
  ...apiLimits,
  headersTimeoutMs: 5_000,
  requestTimeoutMs: 5_000,
  writeTimeoutMs: 10_000,
  maxConnections: Math.min(100, apiLimits.maxConnections),
  maxIdleConnections: 20,
  maxHeldBytes: 8 * 1024 * 1024,
};
