/** Shell commands that may need other toolchains and package registries. */
import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { promisify } from 'node:util';

/** For one block of commands in milliseconds, downloads included. */
const timeoutMs = 300_000;

/** So that a registry that cannot be reached is known within a minute. */
const fewRetries = { npm_config_fetch_retries: '1', PIP_RETRIES: '1' };

/** What package managers print if they cannot reach their registry. */
const unreachable =
  /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH|Could not resolve host|Temporary failure in name resolution|UnknownHostException|Unknown host|Failed to establish a new connection|dial tcp|Network is unreachable|Connection (refused|timed out)|(could not|failed to) transfer/i;

/** Why commands that download packages failed, if their registry could not be reached. */
export function registryFailure({ message }: Error): string | undefined {
  const [reason] = unreachable.exec(message) ?? [];
  return reason && `a package registry cannot be reached (${reason})`;
}

/** The first of these commands that fails. */
export async function firstFailing(commands: readonly string[], folder: string): Promise<string | undefined> {
  for (const command of commands) {
    const succeeds = await execute(command, folder).then(
      () => true,
      () => false,
    );
    if (!succeeds) return command;
  }
  return undefined;
}

/**
 * Runs commands in a folder.
 *
 * @returns what they print
 * @throws Error if a command fails, with what it printed
 */
export async function execute(
  commands: string,
  folder: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<string> {
  mkdirSync(folder, { recursive: true });
  try {
    const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', commands], {
      cwd: folder,
      env: { ...process.env, ...fewRetries, ...environment },
      timeout: timeoutMs,
      maxBuffer: 64 * 1024 * 1024,
    });
    return stdout;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    const output = `${stdout}\n${stderr}`.trim().slice(-8_000);
    throw new Error(`${commands.trim()}\n${output}`);
  }
}
