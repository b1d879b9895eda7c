/** Requests that the server has already responded to while the app waits for the rest of their bodies. */
import type { IncomingMessage } from 'node:http';

const answered = new WeakSet<IncomingMessage>();

export function markAnswered(request: IncomingMessage): void {
  answered.add(request);
}

export function isAnswered(request: IncomingMessage): boolean {
  return answered.has(request);
}
