/** A client's copy of a user's tasks, which follows the changes as docs/sync.md describes. */
import { expect } from 'vitest';
import type { Answer, Client } from './api.ts';

export interface SyncedTask {
  readonly id: string;
  readonly version: number;
}

export class SyncedCopy {
  readonly tasks = new Map<string, SyncedTask>();
  /** The position of the copy; undefined before the first page. */
  cursor: string | undefined;

  /** The path of the next page. */
  nextPath(parameters: Readonly<Record<string, string | number>> = {}): string {
    const query = new URLSearchParams({
      ...(this.cursor !== undefined && { since: this.cursor }),
      ...Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, String(value)])),
    });
    return `/api/v1/changes?${query}`;
  }

  /** Reads one page and applies it. */
  async readPage(client: Client, parameters?: Readonly<Record<string, string | number>>): Promise<Answer['body']> {
    const { status, body, text } = await client.get(this.nextPath(parameters));
    expect(status, text).toBe(200);
    this.apply(body);
    return body;
  }

  /** Reads pages until there are no more. */
  async catchUp(client: Client, limit: () => number = () => 100): Promise<this> {
    while ((await this.readPage(client, { limit: limit() })).has_more);
    return this;
  }

  apply({ reset, changes, cursor }: Answer['body']): void {
    if (reset) this.tasks.clear();
    for (const change of changes.filter(({ type }: { type: string }) => type === 'task')) {
      if (change.op === 'put') this.tasks.set(change.task.id, change.task);
      else this.tasks.delete(change.id);
    }
    this.cursor = cursor;
  }

  /** The tasks in the order of their ids. */
  get list(): SyncedTask[] {
    return [...this.tasks.values()].sort((one, other) => (one.id < other.id ? -1 : 1));
  }
}

/** All tasks of a user, from the list, in the order of their ids. */
export async function allTasks(client: Client): Promise<SyncedTask[]> {
  const tasks: SyncedTask[] = [];
  let path: string | undefined = '/api/v1/tasks?limit=200&sort=created_at';
  while (path) {
    const { body, headers } = await client.get(path);
    tasks.push(...body);
    path = /<([^>]+)>; rel="next"/.exec(headers.get('link') ?? '')?.[1];
  }
  return tasks.sort((one, other) => (one.id < other.id ? -1 : 1));
}
