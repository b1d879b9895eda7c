/** The environment of the process, with its warnings on standard error. */
import { type ReadEnvironment, readEnvironment } from '../config/environment.ts';

/** @throws ConfigError if the `.env` file in the current directory cannot be used */
export function currentEnvironment(): ReadEnvironment {
  const environment = readEnvironment(process.cwd());
  for (const warning of environment.warnings) process.stderr.write(`todo-api: warning: ${warning}\n`);
  return environment;
}
