/** The limits on simultaneous exports. */
import type { StreamLimits } from '../../changes/events/open-streams.ts';

/** Exports that a user can run at the same time, on one process. */
export const maxExportsPerUser = 2;

/** Exports of this process at the same time, because each of them keeps a page of up to about 1 MiB of text. */
export const maxExports = 50;

export const exportLimits: StreamLimits = {
  name: 'exports in progress',
  maxPerUser: maxExportsPerUser,
  maxPerProcess: maxExports,
  advice: 'Wait until one has ended, or close its connection.',
};
