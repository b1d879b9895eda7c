/** Lists that the server returns page by page. */
import type { Query } from './connection.ts';
import type { JsonResponse } from './request.ts';

export interface Page<Item> {
  readonly items: Item[];
  /** The `cursor` of the next page; null on the last one. */
  readonly nextCursor: string | null;
}

/** A list that requests its pages while it is iterated. Each iteration starts with the first page. */
export interface PagedList<Item> extends AsyncIterable<Item> {
  pages(): AsyncIterableIterator<Page<Item>>;
  /** All items of all pages. */
  toArray(): Promise<Item[]>;
}

export function pagedList<Item>(
  query: Query | undefined,
  read: (query: Query) => Promise<JsonResponse<Item[]>>,
): PagedList<Item> {
  async function* pages(): AsyncGenerator<Page<Item>, void, undefined> {
    let next: Query = query ?? {};
    for (;;) {
      const { body, headers } = await read(next);
      const nextCursor = headers.get('Next-Cursor');
      yield { items: body, nextCursor };
      if (nextCursor === null) return;
      next = { ...query, skip: undefined, cursor: nextCursor };
    }
  }
  async function* items(): AsyncGenerator<Item, void, undefined> {
    for await (const page of pages()) yield* page.items;
  }
  return {
    pages,
    [Symbol.asyncIterator]: items,
    async toArray() {
      const all: Item[] = [];
      for await (const page of pages()) all.push(...page.items);
      return all;
    },
  };
}
