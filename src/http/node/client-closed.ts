/** Detection of clients that close the connection before they receive their response. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { RequestContext } from '../request-context.ts';

/** nginx's status for a closed connection. It appears only in the log and the metrics; no client receives it. */
export const clientClosedStatus = 499;

/** The connection closed before the end of a request body. */
export class ClientClosedError extends Error {
  override readonly name = 'ClientClosedError';
}

/** The reason if the client cannot have received a response with this status, otherwise undefined. */
export function closedReason({ env: { incoming } }: RequestContext, status: number): string | undefined {
  if (status === clientClosedStatus) return 'the connection was closed before the body ended';
  // For an error, the log keeps the problem, which says more than a closed connection.
  // Node closes a connection when the client closes its half.
  const isClosed = status < 400 && !incoming.socket.writable;
  return isClosed ? 'the connection was closed before the response' : undefined;
}

/** Returns the response to the latest request on a connection. */
export type ResponseOn = (socket: Duplex) => ServerResponse | undefined;

export function trackResponses(server: Server): ResponseOn {
  const responses = new WeakMap<Duplex, ServerResponse>();
  server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
    responses.set(request.socket, response);
  });
  return (socket) => responses.get(socket);
}

/** Whether a request has arrived completely, and its response has not been sent completely. */
export function isUnanswered(response: ServerResponse | undefined): boolean {
  return response?.req.complete === true && !response.writableFinished;
}

/** Requests that the server has already responded to while the app waits for the rest of their bodies. */
const answered = new WeakSet<IncomingMessage>();

export function markAnswered(request: IncomingMessage): void {
  answered.add(request);
}

export function isAnswered(request: IncomingMessage): boolean {
  return answered.has(request);
}
