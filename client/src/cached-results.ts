/** Changes of resources in the cached results of TanStack Query. */
import type { QueryClient, QueryKey } from '@tanstack/query-core';
import { type JsonObject, mergePatch } from './offline/merge-patch.ts';

/** The resource after a change; undefined if it is deleted. */
export type Change = (resource: object) => object | undefined;

/** Changes a resource in all results whose keys begin with this one. */
export function changeCached(client: QueryClient, queryKey: QueryKey, id: string, change: Change): void {
  client.setQueriesData({ queryKey }, (data: unknown) => changed(data, id, change));
}

/** @param data a resource, an array of them, a page, or the pages of an infinite query */
function changed(data: unknown, id: string, change: Change): unknown {
  if (Array.isArray(data)) {
    return data.map((entry) => changed(entry, id, change)).filter((entry) => entry !== undefined);
  }
  if (typeof data !== 'object' || data === null) return data;
  if ('pages' in data) return { ...data, pages: changed(data.pages, id, change) };
  if ('items' in data) return { ...data, items: changed(data.items, id, change) };
  return 'id' in data && data.id === id ? change(data) : data;
}

export const removed = () => () => undefined;

/** A field that the patch clears has null. */
export function patched(patch: JsonObject): Change {
  return (resource) => {
    const fields = Object.entries(patch).filter(([, value]) => value !== undefined);
    const before = resource as JsonObject;
    return {
      ...resource,
      ...Object.fromEntries(
        fields.map(([name, value]) => [name, value === null ? null : mergePatch(before[name], value)]),
      ),
    };
  };
}
