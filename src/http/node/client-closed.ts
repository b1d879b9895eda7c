/** State of the responses of a Node server. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

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
