/** Problem responses for requests that Node rejects before they reach the app. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { RequestError } from '@hono/node-server';
import { markAnswered } from '../http/node/answered-requests.ts';
import { securityHeaders } from '../http/response/headers.ts';
import { problemResponse } from '../http/response/problem.ts';
import { ProblemError, problemDocument, toProblem } from '../problems/problem.ts';
import type { Connection } from './connection.ts';

/** A request that was rejected before it reached the app. */
export interface RejectedRequest {
  readonly requestId: string;
  /** Undefined if it could not be parsed. */
  readonly method?: string | undefined;
  readonly problem: ProblemError;
}

/** The default host of a request without a Host header, which HTTP/1.0 allows. Nothing depends on it. */
export const defaultHost = 'localhost';

/** Headers of a request. Node would drop those beyond about a thousand, for example a precondition. */
export const maxHeaderCount = 200;

/**
 * Responds with 400 to malformed HTTP and to requests without the required Host header (RFC 9112, section 3.2). The server
 * needs the option `requireHostHeader: false`, because Node's own 400 response has no body.
 *
 * @param connectionOf the open connection of a socket
 * @param basePath the path of PUBLIC_URL
 * @param onRejection receives each rejected request, for the log
 */
export function rejectMalformedRequests(
  server: Server,
  connectionOf: (socket: Duplex) => Connection | undefined,
  basePath: string,
  onRejection: (request: RejectedRequest) => void,
): void {
  const reject = (socket: Duplex, detail: string, reason: string, method?: string) => {
    const requestId = randomUUID();
    const problem = new ProblemError('malformed_request', { detail, reason });
    connectionOf(socket)?.end(rawResponse(problem, requestId, basePath));
    onRejection({ requestId, method, problem });
  };

  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    const connection = connectionOf(socket);
    const response = connection?.response;
    const isInBody = response !== undefined && !response.req.complete;
    // No client reads a response if the connection was reset, timed out while idle, or ended in a body. And a response that
    // has begun cannot become another one.
    const hasBegun = isInBody && response.headersSent && !response.writableFinished;
    const hasEnded = isInBody && error.code === 'HPE_INVALID_EOF_STATE';
    if (!connection || error.code === 'ECONNRESET' || !socket.writable || hasBegun || hasEnded) {
      socket.destroy();
      return;
    }
    const respond = () => reject(socket, explain(error.code), error.code ?? 'clientError');
    if (!isInBody) {
      // The client may have sent other requests before this one.
      connection.afterResponses(respond);
      return;
    }
    if (!response.writableEnded) markAnswered(response.req);
    respond();
  });
  const listeners = server.listeners('request') as ((request: IncomingMessage, response: ServerResponse) => void)[];
  server.removeAllListeners('request');
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const { headers, rawHeaders } = request;
    if (rawHeaders.length > 2 * maxHeaderCount) {
      reject(request.socket, `The request has more than ${maxHeaderCount} headers.`, 'headers', request.method);
      return;
    }
    if (headers.host?.startsWith('[') || headers.host?.endsWith(':')) headers.host = canonicalHost(headers.host);
    if (hasHost(request)) for (const listener of listeners) listener(request, response);
    else reject(request.socket, 'The request must have exactly one Host header.', 'Host', request.method);
  });
  // Node would respond with 417 without a body. A server can ignore an unknown expectation (RFC 9110, section 10.1.1).
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
}

/** Responds with 400 to a request that Node accepts but that forms no URL: an invalid Host, `OPTIONS *`, a backslash. */
export function rejectUnreadableRequest(
  error: unknown,
  basePath: string,
  onRejection: (request: RejectedRequest) => void,
): Response {
  const detail = 'The target of the request or its Host is not valid.';
  const problem =
    error instanceof RequestError
      ? new ProblemError('malformed_request', { detail, reason: 'target' })
      : toProblem(error);
  const requestId = randomUUID();
  const response = problemResponse(problem, '/', requestId, basePath);
  const headers = { ...securityHeaders, 'X-Request-Id': requestId, Connection: 'close' };
  for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
  onRejection({ requestId, problem });
  return response;
}

/**
 * Whether the request has exactly one Host that is not empty. In HTTP/1.0, Host is optional (RFC 9112, section 3.2). The
 * health checks of HAProxy and the default configuration of nginx use HTTP/1.0.
 */
function hasHost(request: IncomingMessage): boolean {
  const { headers, httpVersion } = request;
  const hosts = hostsOf(request);
  return (hosts === 1 && headers.host !== '') || (hosts <= 1 && httpVersion === '1.0');
}

/** Normalizes IPv6 addresses by the URL standard and removes an empty port. Later readers of Host reject other forms. */
function canonicalHost(host: string): string {
  const bare = host.replace(/:$/, '').replace(/%25[\w.~-]+(?=\])/, '');
  const isAddress = /^\[[\da-f:.]+\](:\d+)?$/i.test(bare) && URL.canParse(`http://${bare}`);
  return isAddress ? new URL(`http://${bare}`).host : bare;
}

function hostsOf({ rawHeaders }: IncomingMessage): number {
  let hosts = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (rawHeaders[index]?.length === 4 && rawHeaders[index]?.toLowerCase() === 'host') hosts += 1;
  }
  return hosts;
}

function explain(code: string | undefined): string {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return 'The headers are larger than 16 KiB.';
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return 'The request took too long to arrive.';
    default:
      return 'The request is not well-formed HTTP/1.1.';
  }
}

function rawResponse(problem: ProblemError, requestId: string, basePath: string): string {
  const body = JSON.stringify(problemDocument(problem, '/', requestId, basePath));
  return [
    'HTTP/1.1 400 Bad Request',
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    `X-Request-Id: ${requestId}`,
    ...Object.entries(securityHeaders).map(([name, value]) => `${name}: ${value}`),
    '',
    body,
  ].join('\r\n');
}
