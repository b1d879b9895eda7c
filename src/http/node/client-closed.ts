/** Clients that close the connection before they have their response. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { RequestContext } from '../request-context.ts';

/** Only the log and the metrics show this status, which nginx introduced. No client receives it. */
export const clientClosedStatus = 499;

/** The body of a request cannot be read to its end because the connection is closed. */
export class ClientClosedError extends Error {
  override readonly name = 'ClientClosedError';
}

/** Why the client cannot have received a response with this status; undefined if it can. */
export function closedReason({ env: { incoming } }: RequestContext, status: number): string | undefined {
  if (status === clientClosedStatus) return 'the connection was closed before the body ended';
  // A problem keeps its status, which says more. Node ends a connection as soon as the client ends its half.
  const isClosed = status < 400 && !incoming.socket.writable;
  return isClosed ? 'the connection was closed before the response' : undefined;
}

/** Gives the response to the latest request on a connection. */
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

/** Requests to which the server has responded already, while the app waits for the rest of their bodies. */
const answered = new WeakSet<IncomingMessage>();

export function markAnswered(request: IncomingMessage): void {
  answered.add(request);
}

export function isAnswered(request: IncomingMessage): boolean {
  return answered.has(request);
}
