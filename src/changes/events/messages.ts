/** The messages of an event stream (HTML standard, section "Server-sent events"). */
import type { ChangesPage } from '../read-changes.ts';
import type { EndReason } from './open-streams.ts';

/** A comment, which keeps the connection open. Clients ignore it. */
export const comment = ':\n\n';

/** Precedes a snapshot. It has no id, so a client that receives nothing after it resumes at its old position. */
export const resetMessage = 'event: reset\ndata: {}\n\n';

export function changesMessage(page: ChangesPage): string {
  return `id: ${page.cursor}\nevent: changes\ndata: ${JSON.stringify(page)}\n\n`;
}

/** Bounds of the time in milliseconds until a client opens its next stream. */
const minRetryMs = 500;
const maxRetryMs = 3_000;

/** The last message. Clients wait for a random time, so that those of a stopped server do not return all at once. */
export function endMessage(reason: EndReason): string {
  const retryMs = Math.round(minRetryMs + Math.random() * (maxRetryMs - minRetryMs));
  return `event: end\nretry: ${retryMs}\ndata: ${JSON.stringify({ reason })}\n\n`;
}
