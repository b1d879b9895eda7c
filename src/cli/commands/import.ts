/** The command `import`: imports the file of an export for a user. */
import { createReadStream } from 'node:fs';
import { ImportFileError, type ImportTotals, importFile } from '../../account/import/file.ts';
import { importMutation } from '../../account/import/mutation.ts';
import { deletedChoices, type ImportResult } from '../../account/import/schemas.ts';
import { maxSubjectLength } from '../../auth/jwt/claims.ts';
import { loadConfig } from '../../config/load.ts';
import { runMutation } from '../../idempotency/execute-write.ts';
import { principalOf } from '../../principal.ts';
import { newChangeSetOf } from '../../resource/change.ts';
import { createServices, type Services, writeContextOf } from '../../services.ts';
import { currentEnvironment } from '../current-environment.ts';
import type { Command } from './command.ts';

/** The actor of the changes in the history. */
const actor = 'todo-api import';

/** Lines between two reports of the progress. */
const reportedLines = 10_000;

/** The tables that an import fills. */
const filledTables = ['tasks', 'task_words', 'task_tags', 'tags', 'lists', 'changes', 'deleted', 'heads'];

export const importCommand: Command = {
  parameters: ['FILE'],
  options: { user: 'ID', deleted: deletedChoices.join('|') },
  summary: 'import an export (- reads standard input), then exit',
  run,
};

async function run(
  [name = '']: readonly string[],
  { user, deleted = 'keep' }: Readonly<Record<string, string | undefined>>,
) {
  const choice = deletedChoices.find((each) => each === deleted);
  if (!choice) throw new ImportFileError(`--deleted must be ${deletedChoices.join(' or ')}.`);
  // Before the database is opened, so that a wrong name is reported at once.
  const source = name === '-' ? process.stdin : await openFile(name);
  const services = await createServices(loadConfig(currentEnvironment().variables));
  try {
    // It also starts the maintenance of the embedded database, without which a long import would become slow.
    await services.prepare();
    const report = createReport();
    const analyze = createAnalysis(services);
    const totals = await importFile(source, {
      userId: user,
      onUser: (userId) => requireUser(services, userId),
      importPiece(userId, lines) {
        const changeSet = { ...newChangeSetOf(userId), actor };
        return runMutation(writeContextOf(services), principalOf(userId), importMutation(changeSet, lines, choice));
      },
      async onPiece(totals, result) {
        report(totals, result);
        await analyze();
      },
    });
    process.stdout.write(`${summary(totals)}\n`);
    return 0;
  } finally {
    await services.close();
  }
}

/** @throws ImportFileError if the file cannot be read */
function openFile(name: string): Promise<AsyncIterable<Uint8Array>> {
  return new Promise((resolve, reject) => {
    const stream = createReadStream(name);
    stream.once('open', () => resolve(stream));
    stream.once('error', ({ message }) => reject(new ImportFileError(`the file cannot be read: ${message}`)));
  });
}

/**
 * Rejects a user whom no token can name, because no client could read what is imported. Only the embedded issuer can be asked for
 * the user.
 *
 * @throws ImportFileError
 */
async function requireUser({ issuer }: Services, userId: string): Promise<void> {
  if (userId.length < 1 || userId.length > maxSubjectLength) {
    throw new ImportFileError(
      `the id of the user must have 1 to ${maxSubjectLength} characters. Use --user with the id that GET /api/v1/me returns.`,
    );
  }
  if (!issuer || (await issuer.hasAccount(userId))) return;
  throw new ImportFileError(
    `the embedded issuer has no user with the id ${JSON.stringify(userId)}. Use --user with the id of a user, which GET /api/v1/me returns.`,
  );
}

/**
 * Runs ANALYZE on the filled tables after 1, 2, 4 and so on pieces. Without statistics, PostgreSQL plans for empty tables, and
 * would read all tasks of the user for each line. Autovacuum runs ANALYZE after a minute, which is too late.
 */
function createAnalysis({ database }: Services): () => Promise<void> {
  const names = filledTables.map((table) => `todo.${table}`).join(', ');
  let pieces = 0;
  let next = 1;
  return async () => {
    pieces += 1;
    if (pieces < next) return;
    next *= 2;
    await database.pool.query(`analyze ${names}`);
  };
}

/** Reports on standard error: the lines that were skipped, and the progress. */
function createReport(): (totals: ImportTotals, result: ImportResult) => void {
  let reported = 0;
  return (totals, { problems }) => {
    for (const { line, type, id, message } of problems) {
      process.stderr.write(`line ${line}: the ${type === 'trash' ? 'entry' : type} ${id} ${message}\n`);
    }
    if (totals.lines - reported < reportedLines) return;
    reported = totals.lines;
    process.stderr.write(`${totals.lines} lines: ${summary(totals)}\n`);
  };
}

function summary({ created, unchanged, skipped, ignored }: ImportTotals): string {
  return `Created ${created}, unchanged ${unchanged}, skipped ${skipped}, ignored ${ignored}.`;
}
