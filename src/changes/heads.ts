/** The statement that reads the change numbers of many users, as the watcher role. */
import type { BoundStatement, Statement } from '../database/statement.ts';

/** Reads the number of the last change of each user; users without changes are absent. */
export type ReadHeads = (ownerIds: readonly string[]) => Promise<ReadonlyMap<string, number>>;

interface HeadRow {
  readonly owner_id: string;
  readonly seq: number;
}

/** Runs a statement as the watcher, the role that reads change numbers and nothing else. */
export type RunAsWatcher = <Rows extends object[]>(statement: BoundStatement<Rows>) => Promise<Rows>;

const select: Statement<HeadRow[]> = {
  name: 'heads_watch',
  text: 'select owner_id, seq from todo.heads where owner_id = any($1)',
};

export function createReadHeads(asWatcher: RunAsWatcher): ReadHeads {
  return async (ownerIds) => {
    const rows = await asWatcher({ statement: select, values: [ownerIds] });
    return new Map(rows.map(({ owner_id, seq }) => [owner_id, seq]));
  };
}
