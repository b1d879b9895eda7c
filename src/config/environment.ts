/** The one place that reads the process's environment. */
import { readEnvFile } from './env-file.ts';
import type { Environment } from './load.ts';
import { similarVariable } from './similar-name.ts';
import { cleanValue } from './value.ts';
import { isVariableName, variableNames } from './variables.ts';

export interface ReadEnvironment {
  readonly variables: Environment;
  /** The names of the variables whose value is that of the `.env` file. */
  readonly fromFile: ReadonlySet<string>;
  readonly warnings: readonly string[];
}

/**
 * The process's variables, over those of a `.env` file in `directory`. A variable that is set to nothing counts as not
 * set, so that the file's value counts.
 *
 * @throws ConfigError if the file cannot be used
 */
export function readEnvironment(directory: string): ReadEnvironment {
  const file = readEnvFile(directory);
  // biome-ignore lint/style/noProcessEnv: everything else gets its configuration handed in.
  const own = process.env;
  // On Windows, names are found in any case, but only by asking for each.
  const named = Object.fromEntries(variableNames.map((name) => [name, own[name]]));
  const given = Object.entries({ ...own, ...named }).filter(([, value]) => value && cleanValue(value) !== '');
  const variables = { ...file.values, ...Object.fromEntries(given) };
  const fromFile = new Set(Object.keys(file.values));
  for (const [name] of given) fromFile.delete(name);
  return { variables, fromFile, warnings: [...file.warnings, ...misspelt(file.values, variables)] };
}

/** Names in the file that may be meant for a variable which has no value. */
function misspelt(fileValues: Environment, variables: Environment): string[] {
  return Object.keys(fileValues).flatMap((name) => {
    const meant = similarVariable(name);
    return meant && !variables[meant] && !isVariableName(name)
      ? [`.env: ${name} is not a variable of this server; did you mean ${meant}?`]
      : [];
  });
}
