/** Clients that close the connection before they receive their response. */
import type { RequestPort } from './request-port.ts';

/** nginx's status for a closed connection. It appears only in the log and the metrics; no client receives it. */
export const clientClosedStatus = 499;

/** The connection closed before the end of a request body. */
export class ClientClosedError extends Error {
  override readonly name = 'ClientClosedError';
}

/** The reason if the client cannot have received a response with this status, otherwise undefined. */
export function closedReason({ isClosed }: RequestPort, status: number): string | undefined {
  if (status === clientClosedStatus) return 'the connection was closed before the body ended';
  // For an error, the log keeps the problem, which says more than a closed connection.
  return status < 400 && isClosed ? 'the connection was closed before the response' : undefined;
}
