/** The command `copy`: moves the data of an embedded database to the configured PostgreSQL database. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../../config/config.ts';
import { type Environment, loadConfig } from '../../config/load.ts';
import { cleanValue } from '../../config/value.ts';
import { type CopiedTable, copyDatabase } from '../../database/copy/copy.ts';
import { openDriver } from '../../database/open-driver.ts';
import { openEmbedded } from '../../database/pglite/pglite.ts';
import { DatabaseSetupError } from '../../database/schema/requirements.ts';
import { currentEnvironment } from '../current-environment.ts';
import type { Command } from './command.ts';

export const copy: Command = {
  parameters: ['DATA_DIRECTORY'],
  summary: 'copy an embedded database to the one in DATABASE_URL, then exit',
  run,
};

async function run([given = '']: readonly string[]): Promise<number> {
  const directory = given.replace(/^pglite:/, '');
  requireDatabase(directory);
  const secret = storedSecret(directory);
  const { config, isSecretGiven } = configOf(currentEnvironment().variables, secret);
  if (config.database.kind !== 'postgres') {
    throw new DatabaseSetupError(
      'DATABASE_URL is not the address of a PostgreSQL database. Set it to the target of the copy.',
    );
  }
  if (isSecretGiven) requireSameSecret(config, directory, secret);
  const { prepare, timeoutMs } = config.database;
  const source = await openEmbedded({ directory, prepare, timeoutMs });
  try {
    const target = await openDriver(config.database);
    try {
      const copied = await copyDatabase(source, target, (name) => process.stderr.write(`Copying ${name}\n`));
      process.stdout.write(`${tableOf(copied)}\n\nBoth databases have the same rows.\n`);
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
  process.stdout.write(`${nextSteps(directory, config, secret !== null && !isSecretGiven)}\n`);
  return 0;
}

/** Opening another directory would create an empty database there. */
function requireDatabase(directory: string): void {
  if (existsSync(join(directory, 'postgres'))) return;
  throw new DatabaseSetupError(
    `There is no embedded database in ${directory}. Name the directory of DATABASE_URL=pglite:DIR, for example .data.`,
  );
}

const secretFile = (directory: string) => join(directory, 'secret');

/** The secret that a server has generated in the directory; null if there is none. */
function storedSecret(directory: string): string | null {
  const file = secretFile(directory);
  return existsSync(file) ? cleanValue(readFileSync(file, 'utf8')) : null;
}

/** The embedded issuer on PostgreSQL needs a secret in the configuration. The copy does not, so that of the directory is enough. */
function configOf(variables: Environment, secret: string | null): { config: Config; isSecretGiven: boolean } {
  const isSecretGiven = variables.BETTER_AUTH_SECRET !== undefined;
  const isEmbedded = (variables.AUTH_MODE ?? 'embedded') === 'embedded';
  const added = !isSecretGiven && isEmbedded && secret !== null ? { BETTER_AUTH_SECRET: secret } : {};
  return { config: loadConfig({ ...variables, ...added }), isSecretGiven };
}

function requireSameSecret({ auth }: Config, directory: string, secret: string | null): void {
  if (auth.mode !== 'embedded' || secret === null || auth.secret === secret) return;
  throw new DatabaseSetupError(
    `BETTER_AUTH_SECRET differs from the secret in ${secretFile(directory)}, so all sessions would end. Set it to the content of that file. If the server has used the variable instead of the file, remove the file.`,
  );
}

function tableOf(copied: readonly CopiedTable[]): string {
  const lines = [
    ['Table', 'Rows', 'Sums of SHA-256, in both databases'],
    ...copied.map(({ name, source }) => [name, source.rows, source.sums]),
  ] as const;
  const [names, rows] = [0, 1].map((column) => Math.max(...lines.map((cells) => (cells[column] as string).length)));
  return lines
    .map(
      ([name = '', count = '', sums]) => `${name.padEnd(names as number)}  ${count.padStart(rows as number)}  ${sums}`,
    )
    .join('\n');
}

/** @param needsSecret whether the configuration of the server still lacks the secret */
function nextSteps(directory: string, { auth }: Config, needsSecret: boolean): string {
  const steps = [
    ...(auth.mode === 'embedded' && needsSecret
      ? [`Set BETTER_AUTH_SECRET to the content of the file ${secretFile(directory)}. Without it, all sessions end.`]
      : []),
    `Start the server with this DATABASE_URL, and none on ${directory} any more. Clients continue with their tokens and cursors.`,
  ];
  return steps.join('\n');
}
