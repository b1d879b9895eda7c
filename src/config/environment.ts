/** The one place that reads the process's environment. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import type { Environment } from './load.ts';

/** The process's variables, over those of a `.env` file in `directory` where there is one. */
export function readEnvironment(directory: string): Environment {
  const file = join(directory, '.env');
  const fromFile = existsSync(file) ? parseEnv(readFileSync(file, 'utf8')) : {};
  // biome-ignore lint/style/noProcessEnv: everything else gets its configuration handed in.
  return { ...fromFile, ...process.env };
}
