/** Live queries: results that change only if one of their resources changes, as `useSyncExternalStore` of React needs it. */

export interface LiveQuery<Item> {
  /** The result. It is the same array until the result changes. */
  readonly get: () => readonly Item[];
  /** Calls the listener after every change of the store. @returns a function that ends it */
  readonly subscribe: (listener: () => void) => () => void;
}

/**
 * @param version a number that differs if the items may differ
 * @param select the items of the result, in its order
 */
export function createLiveQuery<Item>(
  version: () => number,
  select: () => readonly Item[],
  subscribe: LiveQuery<Item>['subscribe'],
): LiveQuery<Item> {
  let items: readonly Item[] = [];
  let seen: number | undefined;
  return {
    get() {
      if (seen !== version()) {
        seen = version();
        const found = select();
        if (found.length !== items.length || found.some((item, index) => item !== items[index])) items = found;
      }
      return items;
    },
    subscribe,
  };
}

interface Ordered {
  readonly id: string;
  readonly position: string;
}

/** The manual order: by the bytes of the position, then by id. */
export function byPosition(one: Ordered, other: Ordered): number {
  return compareText(one.position, other.position) || compareText(one.id, other.id);
}

function compareText(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
