/** The resolved configuration as lines of `NAME=value`, without anything secret. */
import type { Environment } from './load.ts';
import { cleanValue } from './value.ts';
import { type VariableDefinition, variableNames, variables } from './variables.ts';

/** One line per variable: its value, with secrets masked, and where that is from; or what it means that it has none. */
export function printConfig(environment: Environment, fromFile: ReadonlySet<string> = new Set()): string {
  return variableNames
    .map((name) => {
      const variable: VariableDefinition<unknown> = variables[name];
      const given = cleanValue(environment[name] ?? '');
      if (given) return `${name}=${masked(given, variable)}  # ${fromFile.has(name) ? '.env' : 'environment'}`;
      if (variable.defaultValue !== null) return `${name}=${variable.defaultValue}  # default`;
      return `# ${name} is not set${variable.fallbackNote ? `: ${variable.fallbackNote.replaceAll('`', '')}` : ''}`;
    })
    .join('\n');
}

function masked(text: string, { secret }: VariableDefinition<unknown>): string {
  if (secret === 'all') return mask;
  return secret === 'password' ? hideUrlPassword(text) : text;
}

const mask = '********';

/** A URL with its password masked, which libpq's URLs may carry as a parameter too. */
export function hideUrlPassword(text: string): string {
  // What is no such URL may hold a password all the same: something was mistyped.
  if (!text.includes('://') || !URL.canParse(text)) return text.replace(/^(?!pglite:).*@/s, `${mask}@`);
  const url = new URL(text);
  if (url.password) url.password = mask;
  if (url.searchParams.has('password')) url.searchParams.set('password', mask);
  return url.href;
}
