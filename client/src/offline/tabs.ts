/** Coordination of the tabs that share a storage: one leads, and all learn of each other's commits. */

export interface TabChannel {
  post(message: unknown): void;
  close(): void;
}

export interface Tabs {
  /**
   * Runs `lead` in one tab at a time. It ends when the signal aborts. If a tab ends, another one leads.
   *
   * @param name the same in all tabs that share a storage
   */
  elect(name: string, lead: () => Promise<void>, signal: AbortSignal): Promise<void>;
  /** Connects the tabs. A message reaches the other tabs, but not its sender. */
  connect(name: string, receive: (message: unknown) => void): TabChannel;
}

/** One process, which leads at once. */
export const singleTab: Tabs = {
  elect: (_name, lead) => lead(),
  connect: () => ({ post() {}, close() {} }),
};

/** The parts of a browser that Node's types do not have. */
interface Browser {
  readonly navigator?: { readonly locks?: Locks };
  readonly window?: EventTarget;
}

/** https://w3c.github.io/web-locks/ */
interface Locks {
  request(name: string, options: { readonly signal: AbortSignal }, callback: () => Promise<void>): Promise<void>;
}

const { navigator, window } = globalThis as Browser;

/** The tabs of a browser, with Web Locks and a BroadcastChannel (HTML standard). */
export const browserTabs: Tabs = {
  async elect(name, lead, signal) {
    // Without locks, each tab leads. Idempotency keys and atomic commits keep that correct, at the cost of more requests.
    if (!navigator?.locks) return lead();
    try {
      // The browser releases the lock when the tab ends, also after a crash.
      await navigator.locks.request(name, { signal }, lead);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  },
  connect(name, receive) {
    const channel = new BroadcastChannel(name);
    channel.onmessage = ({ data }) => receive(data);
    return { post: (message) => channel.postMessage(message), close: () => channel.close() };
  },
};

/** Calls the function when a browser is online again, or shows the page again. @returns a function that ends it */
export function onReturn(callback: () => void): () => void {
  const names = ['online', 'pageshow', 'focus'];
  for (const name of names) window?.addEventListener(name, callback);
  return () => {
    for (const name of names) window?.removeEventListener(name, callback);
  };
}
