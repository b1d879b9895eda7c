/** The environment of the process, merged with the `.env` file. No other module reads `process.env`. */
import { readEnvFile } from './env-file.ts';
import type { Environment } from './load.ts';
import { similarVariable } from './similar-name.ts';
import { cleanValue } from './value.ts';
import { isVariableName, variableNames } from './variables.ts';

export interface ReadEnvironment {
  readonly variables: Environment;
  /** The names of the variables whose value is from the `.env` file. */
  readonly fromFile: ReadonlySet<string>;
  readonly warnings: readonly string[];
}

/**
 * The variables of the process and of the `.env` file in `directory`. Variables of the process take precedence unless they
 * are empty.
 *
 * @throws ConfigError if the file is not valid
 */
export function readEnvironment(directory: string): ReadEnvironment {
  const file = readEnvFile(directory);
  // biome-ignore lint/style/noProcessEnv: all other modules receive the configuration as a parameter.
  const processVariables = process.env;
  // On Windows, names are case-insensitive, but only in lookups by name.
  const byName = Object.fromEntries(variableNames.map((name) => [name, processVariables[name]]));
  const nonEmpty = Object.entries({ ...processVariables, ...byName }).filter(
    ([, value]) => value && cleanValue(value) !== '',
  );
  const variables = { ...file.values, ...Object.fromEntries(nonEmpty) };
  const fromFile = new Set(Object.keys(file.values));
  for (const [name] of nonEmpty) fromFile.delete(name);
  return { variables, fromFile, warnings: [...file.warnings, ...misspelledNames(file.values, variables)] };
}

/** Warnings for names in the file that resemble a variable without a value. */
function misspelledNames(fileValues: Environment, variables: Environment): string[] {
  return Object.keys(fileValues).flatMap((name) => {
    const variable = similarVariable(name);
    return variable && !variables[variable] && !isVariableName(name)
      ? [`.env: ${name} is not a variable of this server; did you mean ${variable}?`]
      : [];
  });
}
