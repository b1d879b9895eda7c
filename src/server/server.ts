/** HTTP server: start and graceful shutdown. */
import { createServer, type Server, type ServerOptions } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { createApp } from '../app.ts';
import { withNodeRequest } from '../http/node/request-adapter.ts';
import { createServerResponseClass } from '../http/node/server-response.ts';
import { createMetricsServer } from '../observability/metrics-server.ts';
import { settledWithin } from '../runtime/timeout.ts';
import type { Services } from '../services.ts';
import { defaultHost, type RejectedRequest, rejectMalformedRequests, rejectUnreadableRequest } from './bad-request.ts';
import { type Connections, trackConnections } from './connections.ts';
import { apiLimits, metricsLimits, type ServerLimits } from './limits.ts';
import { prepareWithRetries } from './startup.ts';

export interface RunningServer {
  /** The address of the API. */
  readonly address: AddressInfo;
  /** The address of the metrics; null if they are disabled. */
  readonly metricsAddress: AddressInfo | null;
  /** Rejects if the database needs a change first. Until it resolves, requests that need the database get 503. */
  readonly ready: Promise<string[]>;
  /**
   * Stops accepting connections, waits for requests in progress up to the configured timeout, and closes the database last.
   *
   * @returns false if the timeout ended requests in progress
   */
  stop(): Promise<boolean>;
}

type PortVariable = 'PORT' | 'ADMIN_PORT';

/** The server cannot listen on the configured address. The cause is Node's error. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  readonly host: string;
  readonly port: number;
  /** The variable that configures the port. */
  readonly variable: PortVariable;

  constructor(host: string, port: number, variable: PortVariable, cause: Error) {
    super(`cannot listen on ${host}, port ${port}: ${cause.message}`, { cause });
    this.host = host;
    this.port = port;
    this.variable = variable;
  }
}

/** Minimum time in milliseconds that a shutdown gives to a startup, and to e-mails, in progress. */
const minGraceMs = 1_000;

/** Maximum time in milliseconds for closing the database. After it, the process ends anyway. */
export const closeTimeoutMs = 5_000;

/** Maximum size of the request line and all headers in bytes. */
export const maxHeaderBytes = 16 * 1024;

/**
 * @param limits replace the default limits, for tests
 * @throws ListenError, for example if the port is in use
 */
export async function startServer(services: Services, limits: Partial<ServerLimits> = {}): Promise<RunningServer> {
  const { config, log, emit } = services;
  const { basePath } = config.server;
  const onRejection = ({ problem, ...request }: RejectedRequest) =>
    emit({ type: 'request', ...request, status: problem.status, problem });
  const app = createApp(services);
  let isClosing = false;
  const serverLimits = { ...apiLimits, ...limits };
  const server = createServer(
    {
      ...nodeOptions(serverLimits),
      maxHeaderSize: maxHeaderBytes,
      requireHostHeader: false,
      // Node joins repeated Authorization headers, so that authentication rejects them. By default, it keeps the first one.
      joinDuplicateHeaders: true,
      ServerResponse: createServerResponseClass({
        isClosing: () => isClosing,
        onLargeBody: (response, bytes) => connections.countBody(response, bytes),
      }),
    },
    getRequestListener(withNodeRequest(app.fetch), {
      hostname: defaultHost,
      errorHandler: (error) => rejectUnreadableRequest(error, basePath, onRejection),
    }),
  );
  rejectMalformedRequests(server, (socket) => connections.of(socket), basePath, onRejection);
  const connections = trackConnections(server, serverLimits, (reason) => emit({ type: 'connection_closed', reason }));

  await listen(server, config.server.port, config.server.host, 'PORT');
  const metricsServer = services.metrics && createMetricsServer(services.metrics, nodeOptions(metricsLimits));
  if (metricsServer && config.metrics) {
    trackConnections(metricsServer, metricsLimits, () => {});
    await listen(metricsServer, config.metrics.port, config.metrics.host, 'ADMIN_PORT').catch((error: unknown) => {
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
      services.openStreams.endAll();
      services.waitingPolls.endAll();
      // Node counts connections without any received data as active.
      for (const { socket } of connections.all) if (socket.bytesRead === 0) socket.destroy();
      const finished = await drain(server, connections, config.server.shutdownTimeoutMs);
      // Metrics stay available until the API has stopped.
      metricsServer?.close().closeAllConnections();
      const graceMs = () => Math.max(config.server.shutdownTimeoutMs - (performance.now() - start), minGraceMs);
      // After the requests, which can queue more of them.
      await services.mail?.close(graceMs());
      // A migration, or the creation of the first key, may be in progress. Closing rolls back unfinished work.
      await settledWithin(ready, graceMs());
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

/** The timeouts that Node itself enforces. It does not limit the number of requests on a connection. */
function nodeOptions(limits: ServerLimits): ServerOptions {
  return {
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionsCheckingInterval: limits.checkIntervalMs,
  };
}

/**
 * Closes idle connections immediately, and active ones when they become idle or at the timeout.
 *
 * @returns false if the timeout ended requests that waited for their responses
 */
async function drain(server: Server, connections: Connections, timeoutMs: number): Promise<boolean> {
  const start = performance.now();
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  // Active connections become idle one by one.
  const closeIdle = setInterval(() => server.closeIdleConnections(), 50);
  server.closeIdleConnections();
  let finished = true;
  const deadline = setTimeout(() => {
    connections.check();
    finished = ![...connections.all].some((connection) => connection.isCutOff(start));
    server.closeAllConnections();
  }, timeoutMs);
  await closed;
  clearInterval(closeIdle);
  clearTimeout(deadline);
  return finished;
}
