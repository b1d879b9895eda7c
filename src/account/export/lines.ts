/** The lines of an export (NDJSON): a header, the resources of the user, and an end with their numbers. */
import { writeCursor } from '../../changes/cursor.ts';
import { type HeadRow, selectHead } from '../../changes/statements.ts';
import type { UserDatabase } from '../../database/user-database.ts';
import type { Principal } from '../../principal.ts';
import { readSections, type SectionType, sectionTypes } from './sections.ts';

/** The version of the lines. A change that an importer would misread raises it. */
export const exportFormat = 1;

interface ExportSource {
  readonly database: UserDatabase;
  readonly principal: Principal;
}

/**
 * Pieces of the export, each with the lines of one page. It reads a page when the piece before it is taken, and never keeps
 * more than one.
 *
 * @param head the user's change numbers at the start
 */
export async function* exportPieces(
  { database, principal }: ExportSource,
  head: HeadRow | undefined,
): AsyncGenerator<string, void, void> {
  yield line({
    type: 'export',
    version: exportFormat,
    exported_at: new Date().toISOString(),
    user_id: principal.userId,
    cursor: head ? writeCursor(head) : null,
  });
  const counts = Object.fromEntries(sectionTypes.map((type) => [type, 0])) as Record<SectionType, number>;
  for await (const { type, lines } of readSections(database, principal)) {
    counts[type] += lines.length;
    yield lines.map((members) => line({ type, ...members })).join('');
  }
  const [[last]] = await database.run(principal, [selectHead(principal.userId)] as const, 'repeat');
  yield line({ type: 'end', counts, changed: last?.epoch !== head?.epoch || last?.seq !== head?.seq });
}

function line(value: object): string {
  return `${JSON.stringify(value)}\n`;
}
