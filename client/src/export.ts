/** The export of everything that the server stores about the user. */
import { textOf } from './body-text.ts';
import type { Exchange } from './connection.ts';
import type { ApiToken, Task, TaskChange, TaskList, TrashEntry } from './generated/api.ts';

/** A line of an export. The last one has the type `end`; without it, the export is incomplete. */
export type ExportLine =
  | {
      readonly type: 'export';
      readonly version: number;
      readonly exported_at: string;
      readonly user_id: string;
      readonly cursor: string | null;
    }
  | { readonly type: 'list'; readonly list: TaskList }
  | { readonly type: 'task'; readonly task: Task; readonly series?: ExportedSeries }
  | { readonly type: 'trash'; readonly trash: TrashEntry; readonly series?: ExportedSeries }
  | { readonly type: 'change'; readonly change: ExportedChange }
  | { readonly type: 'token'; readonly token: ApiToken }
  | { readonly type: 'end'; readonly counts: Readonly<Record<string, number>>; readonly changed: boolean };

/** The days that the recurrence of a task counts from. */
export interface ExportedSeries {
  readonly anchor: string;
  readonly day: string;
}

/** A change of a task or a list. */
export type ExportedChange = Omit<TaskChange, 'changes'> & {
  readonly resource: 'task' | 'list';
  readonly id: string;
  readonly changes: Readonly<Record<string, { readonly from: unknown; readonly to: unknown }>>;
};

/**
 * The lines, as they arrive.
 *
 * @throws TodoProblem for an error response
 * @throws the error of `fetch` if the connection is lost, or the reason of the signal
 */
export async function* exportLines(
  exchange: Exchange,
  signal: AbortSignal | undefined,
): AsyncGenerator<ExportLine, void, undefined> {
  const response = await exchange({ method: 'GET', path: '/api/v1/export' }, signal);
  let rest = '';
  for await (const text of textOf(response, 'application/x-ndjson')) {
    const lines = (rest + text).split('\n');
    rest = lines.pop() as string;
    yield* lines.map((line) => JSON.parse(line));
  }
}
