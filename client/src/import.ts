/** The import of an export, line by line, in requests within the limits of the server. */
import type { TodoClient } from './client.ts';
import type { ImportResult } from './generated/api.ts';

export type { ImportResult } from './generated/api.ts';

export interface ImportOptions {
  /** Whether a deleted task or list of a line is created again. Default: `keep`, so it stays deleted. */
  readonly deleted?: 'keep' | 'restore' | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called after each request, with the sums so far and the number of lines. */
  readonly onProgress?: ((result: ImportResult, lines: number) => void) | undefined;
}

/** The limits of the server for one request. */
const [maxLines, maxBytes] = [500, 256 * 1024];

/**
 * Imports lines in their order, for example those of `client.export()`. A repetition skips what exists. `problems` have the
 * numbers of all lines, from 1. An error names the line in its request, after the lines of the last progress.
 *
 * @returns the sums of all requests
 * @throws TodoProblem if the server rejects a line. Its request has changed nothing, and those before it are applied
 * @throws the error of `fetch` if the connection is lost, or the reason of the signal
 */
export async function importLines(
  client: Pick<TodoClient, 'request'>,
  lines: Iterable<object> | AsyncIterable<object>,
  { deleted, signal, onProgress }: ImportOptions = {},
): Promise<ImportResult> {
  let sums: ImportResult = { created: 0, unchanged: 0, skipped: 0, ignored: 0, problems: [] };
  let [body, bytes, count, sent] = ['', 0, 0, 0];
  const encoder = new TextEncoder();
  const send = async () => {
    if (count === 0) return;
    const response = await client.request({
      method: 'POST',
      path: '/api/v1/import',
      query: { deleted },
      body,
      headers: { 'Content-Type': 'application/x-ndjson' },
      signal,
    });
    sums = sumOf(sums, response.body as ImportResult, sent);
    sent += count;
    [body, bytes, count] = ['', 0, 0];
    onProgress?.(sums, sent);
  };
  for await (const line of lines) {
    const text = `${JSON.stringify(line)}\n`;
    const length = encoder.encode(text).length;
    if (count === maxLines || bytes + length > maxBytes) await send();
    body += text;
    bytes += length;
    count += 1;
  }
  await send();
  return sums;
}

/** @param before the number of lines before those of the result */
function sumOf(sums: ImportResult, { problems, ...counts }: ImportResult, before: number): ImportResult {
  return {
    created: sums.created + counts.created,
    unchanged: sums.unchanged + counts.unchanged,
    skipped: sums.skipped + counts.skipped,
    ignored: sums.ignored + counts.ignored,
    problems: [...sums.problems, ...problems.map((problem) => ({ ...problem, line: problem.line + before }))],
  };
}
