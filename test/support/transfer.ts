/** Exports and imports as a client sends them. */
import { expect } from 'vitest';
import type { Answer, Client } from './api.ts';

/** The lines of a user's export. */
export async function exportOf(user: Client): Promise<any[]> {
  const { status, headers, text } = await user.get('/api/v1/export');
  expect(status, text).toBe(200);
  expect(headers.get('content-type')).toBe('application/x-ndjson');
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

/** The resources of the lines of a type. */
export function ofType(lines: readonly any[], type: string): any[] {
  return lines.filter((line) => line.type === type).map((line) => line[type]);
}

/** Sends lines, or a text, as one request. */
export function importTo(user: Client, lines: readonly unknown[] | string, query = ''): Promise<Answer> {
  const body = typeof lines === 'string' ? lines : lines.map((line) => `${JSON.stringify(line)}\n`).join('');
  return user.request('POST', `/api/v1/import${query}`, { headers: { 'Content-Type': 'application/x-ndjson' }, body });
}

/** Sends all lines in several requests, in their order. Returns the sums of the counts. */
export async function importAll(
  user: Client,
  lines: readonly unknown[],
  size: number,
): Promise<Record<string, number>> {
  const totals = { created: 0, unchanged: 0, skipped: 0, ignored: 0 };
  for (let start = 0; start < lines.length; start += size) {
    const { status, body, text } = await importTo(user, lines.slice(start, start + size));
    expect(status, text).toBe(200);
    for (const name of Object.keys(totals) as (keyof typeof totals)[]) totals[name] += body[name];
  }
  return totals;
}

/** What an import keeps: all but the owner, the time of the last change, the history, and the header. */
export function keptLines(lines: readonly any[]): any[] {
  const kept = lines.filter(({ type }) => ['list', 'task', 'trash'].includes(type));
  return kept.map((line) => {
    const copy = structuredClone(line);
    if (copy.task) copy.task = { ...copy.task, owner_id: '', updated_at: '' };
    if (copy.list) copy.list = { ...copy.list, updated_at: '' };
    if (copy.trash?.task) copy.trash.task.owner_id = '';
    return copy;
  });
}
