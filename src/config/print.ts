/** Output of the resolved configuration as lines of `NAME=value`, with masked secrets. */
import type { Environment } from './load.ts';
import { mask, maskUrl } from './mask.ts';
import { cleanValue } from './value.ts';
import { type VariableDefinition, variableNames, variables } from './variables.ts';

/** One line per variable: its masked value and the source of the value, or the effect of a missing value. */
export function printConfig(environment: Environment, fromFile: ReadonlySet<string> = new Set()): string {
  return variableNames
    .map((name) => {
      const variable: VariableDefinition<unknown> = variables[name];
      const given = cleanValue(environment[name] ?? '');
      if (given) return `${name}=${masked(given, variable)}  # ${fromFile.has(name) ? '.env' : 'environment'}`;
      if (variable.defaultValue !== null) return `${name}=${variable.defaultValue}  # default`;
      return `# ${name} is not set${variable.defaultNote ? `: ${variable.defaultNote.replaceAll('`', '')}` : ''}`;
    })
    .join('\n');
}

function masked(text: string, { secret }: VariableDefinition<unknown>): string {
  if (secret === 'all') return mask;
  if (secret === 'url') return maskDatabaseUrl(text);
  // A URL with credentials in another variable is rejected, but printed before.
  return text.includes('://') ? maskUrl(text) : text;
}

/** A mistyped URL, or a connection string of another form, can have the password anywhere. */
function maskDatabaseUrl(text: string): string {
  if (/^pglite:(?!.*:\/\/)/s.test(text)) return text;
  const isUrl = /^[a-z][a-z\d+.-]*:\/\//i.test(text) && URL.canParse(text);
  if (isUrl || text.includes('@')) return maskUrl(text);
  return mask;
}
