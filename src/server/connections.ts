/** The connections of a server: bounds on slow and silent clients, on the number of connections, and on their memory. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ConnectionEvent } from '../observability/events.ts';
import { Connection } from './connection.ts';
import type { ServerLimits } from './limits.ts';

export interface Connections {
  /** @returns undefined for a closed connection */
  of(socket: Duplex): Connection | undefined;
  readonly all: Iterable<Connection>;
  /** Closes the connections whose clients are too slow or too many. It runs at an interval. */
  check(): void;
  /** Counts the body of a response that is written in pieces. */
  countBody(response: ServerResponse, bytes: number): void;
}

/** Fraction of a limit to which the server reduces its use. Below 1, the search for connections to close is rare. */
const keptShare = 0.99;

/**
 * Tracks the connections of a server. Call it after the listeners of the server are set, because it calls them for one
 * request of a connection at a time.
 *
 * @param onClose receives the reason when a limit closes a connection
 */
export function trackConnections(
  server: Server,
  limits: ServerLimits,
  onClose: (reason: ConnectionEvent['reason']) => void,
): Connections {
  const connections = new Map<Duplex, Connection>();
  let bodyBytes = 0;

  const close = (connection: Connection, reason: ConnectionEvent['reason']) => {
    connections.delete(connection.socket);
    connection.close();
    onClose(reason);
  };

  /** The connections that wait for their clients, the longest wait first. */
  const waiting = (matches: (connection: Connection) => boolean) =>
    [...connections.values()]
      .filter((connection) => connection.waitsForClient && matches(connection))
      .sort((one, other) => one.waitingSince - other.waitingSince);

  const boundConnections = (newest: Connection) => {
    if (connections.size <= limits.maxConnections) return;
    const longest = waiting((connection) => connection !== newest);
    const excess = connections.size - Math.floor(limits.maxConnections * keptShare);
    for (const connection of longest.slice(0, excess)) close(connection, 'too_many_connections');
    if (connections.size > limits.maxConnections) close(newest, 'too_many_connections');
  };

  const boundIdle = (now: number) => {
    const idle = waiting(({ isIdle }) => isIdle);
    for (const connection of idle.slice(0, Math.max(0, idle.length - limits.maxIdleConnections))) {
      if (now - connection.waitingSince >= limits.excessIdleMs) close(connection, 'too_many_idle');
    }
  };

  const boundBytes = () => {
    let held = 0;
    for (const { heldBytes } of connections.values()) held += heldBytes;
    if (held <= limits.maxHeldBytes) return;
    for (const connection of waiting(({ heldBytes }) => heldBytes > 0)) {
      if (held <= limits.maxHeldBytes * keptShare) return;
      held -= connection.heldBytes;
      close(connection, 'too_many_bytes');
    }
  };

  const check = () => {
    const now = performance.now();
    for (const connection of connections.values()) {
      if (connection.isTooSlow(now, limits)) close(connection, 'response_unread');
    }
    boundIdle(now);
    boundBytes();
  };

  server.on('connection', (socket: Socket) => {
    const connection = new Connection(socket);
    connections.set(socket, connection);
    socket.once('close', () => connections.delete(socket));
    boundConnections(connection);
  });
  const listeners = server.listeners('request') as ((request: IncomingMessage, response: ServerResponse) => void)[];
  server.removeAllListeners('request');
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const connection = connections.get(request.socket);
    if (!connection) return;
    if (connection.waitingRequests >= limits.maxPipelined) return close(connection, 'pipelining');
    connection.handle(response, () => {
      for (const listener of listeners) listener(request, response);
    });
  });
  const interval = setInterval(check, limits.checkIntervalMs).unref();
  server.once('close', () => clearInterval(interval));

  return {
    of: (socket) => connections.get(socket),
    get all() {
      return connections.values();
    },
    check,
    countBody(response, bytes) {
      const connection = response.socket && connections.get(response.socket);
      if (!connection) return;
      connection.bodyBytes = bytes;
      bodyBytes += bytes;
      response.once('close', () => {
        bodyBytes -= bytes;
      });
      if (bodyBytes > limits.maxHeldBytes) boundBytes();
    },
  };
}
