/** Listening, and stopping without cutting anybody off. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { createApp } from '../app.ts';
import { isUnanswered, trackResponses } from '../http/node/client-closed.ts';
import { createServerResponseClass } from '../http/node/server-response.ts';
import { createMetricsServer } from '../observability/metrics-server.ts';
import { settledWithin } from '../runtime/timeout.ts';
import type { Services } from '../services.ts';
import { defaultHost, type RejectedRequest, rejectMalformedRequests, rejectUnreadableRequest } from './bad-request.ts';
import { prepareWithRetries } from './startup.ts';

export interface RunningServer {
  /** Where it listens. */
  readonly address: AddressInfo;
  /** Where it serves metrics; null where they are off. */
  readonly metricsAddress: AddressInfo | null;
  /** Rejects where the database must be changed first; until it resolves, requests that need the database get 503. */
  readonly ready: Promise<string[]>;
  /**
   * Stops accepting, lets requests under way finish within the configured time, closes the database last.
   *
   * @returns false where requests had to be cut off
   */
  stop(): Promise<boolean>;
}

type PortVariable = 'PORT' | 'ADMIN_PORT';

/** It cannot listen where it should; the cause is what Node says. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  readonly host: string;
  readonly port: number;
  /** The variable that the port came from. */
  readonly variable: PortVariable;

  constructor(host: string, port: number, variable: PortVariable, cause: Error) {
    super(`cannot listen on ${host}, port ${port}: ${cause.message}`, { cause });
    this.host = host;
    this.port = port;
    this.variable = variable;
  }
}

/** How long clients may take, in milliseconds: for the headers of a request, and for all of it. */
export const headersTimeoutMs = 10_000;
export const requestTimeoutMs = 30_000;

/** How often Node looks for clients that take longer. */
export const connectionCheckIntervalMs = 1_000;

/** Longer than the 60 s after which common load balancers drop idle connections, so that they and not we close them. */
export const keepAliveTimeoutMs = 65_000;

/** How long what is under way of starting has at the least when the server is stopped, in milliseconds. */
const minStartupGraceMs = 1_000;

/** How long the database has to close; what hangs then ends with the process. */
export const closeTimeoutMs = 5_000;

const maxHeaderBytes = 16 * 1024;

/** @throws ListenError where the port is in use, say */
export async function startServer(services: Services): Promise<RunningServer> {
  const { config, log, record } = services;
  const { basePath } = config.server;
  const onRefusal = ({ problem, ...request }: RejectedRequest) =>
    record({ type: 'request', ...request, status: problem.status, problem });
  const app = createApp(services);
  let isClosing = false;
  const server = createServer(
    {
      headersTimeout: headersTimeoutMs,
      requestTimeout: requestTimeoutMs,
      connectionsCheckingInterval: connectionCheckIntervalMs,
      keepAliveTimeout: keepAliveTimeoutMs,
      maxHeaderSize: maxHeaderBytes,
      requireHostHeader: false,
      // Of two tokens none is taken, rather than the first.
      joinDuplicateHeaders: true,
      ServerResponse: createServerResponseClass(() => isClosing),
    },
    getRequestListener(app.fetch, {
      hostname: defaultHost,
      errorHandler: (error) => rejectUnreadableRequest(error, basePath, onRefusal),
    }),
  );
  const responseOn = trackResponses(server);
  rejectMalformedRequests(server, responseOn, basePath, onRefusal);
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });

  await listen(server, config.server.port, config.server.host, 'PORT');
  const metricsServer = services.metrics && createMetricsServer(services.metrics);
  if (metricsServer && config.metrics) {
    await listen(metricsServer, config.metrics.port, config.server.host, 'ADMIN_PORT').catch((error: unknown) => {
      server.close();
      throw error;
    });
  }
  const startupAbort = new AbortController();
  const ready = prepareWithRetries(services, startupAbort.signal);

  return {
    address: server.address() as AddressInfo,
    metricsAddress: (metricsServer?.address() ?? null) as AddressInfo | null,
    ready,
    async stop() {
      const start = performance.now();
      isClosing = true;
      startupAbort.abort();
      // Node counts a connection that has not said anything yet among the busy ones.
      for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
      const isBusy = () => [...sockets].some((socket) => isUnanswered(responseOn(socket)));
      const finished = await drain(server, config.server.shutdownTimeoutMs, isBusy);
      // Last but for the database, so that the end can be watched.
      metricsServer?.close().closeAllConnections();
      // The migration or the first key may be under way still. What is not done by then is undone by closing.
      const leftMs = config.server.shutdownTimeoutMs - (performance.now() - start);
      await settledWithin(ready, Math.max(leftMs, minStartupGraceMs));
      if (!(await settledWithin(services.close(), closeTimeoutMs))) log.warn('the database did not close in time');
      log.info({ finished }, 'stopped');
      return finished;
    },
  };
}

function listen(server: Server, port: number, host: string, variable: PortVariable): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (cause: Error) => reject(new ListenError(host, port, variable, cause));
    server.once('error', fail);
    server.listen(port, host, () => {
      server.off('error', fail);
      resolve();
    });
  });
}

/**
 * Closes idle connections at once, the others when they are done, and after `timeoutMs` all that are left.
 *
 * @param isBusy whether a request waits for its response; one that has not arrived completely does not
 * @returns false if requests that wait for their responses were cut off
 */
async function drain(server: Server, timeoutMs: number, isBusy: () => boolean): Promise<boolean> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  // Connections that were busy become idle one by one.
  const sweep = setInterval(() => server.closeIdleConnections(), 50);
  server.closeIdleConnections();
  let finished = true;
  const deadline = setTimeout(() => {
    finished = !isBusy();
    server.closeAllConnections();
  }, timeoutMs);
  await closed;
  clearInterval(sweep);
  clearTimeout(deadline);
  return finished;
}
