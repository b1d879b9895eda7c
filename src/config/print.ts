/** Output of the resolved configuration as lines of `NAME=value`, with masked secrets. */
import type { Environment } from './load.ts';
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
  return secret === 'password' ? hideUrlPassword(text) : text;
}

const mask = '********';

/** Masks the password of a URL, also in the parameter `password` of libpq's URLs. */
export function hideUrlPassword(text: string): string {
  // A mistyped URL can contain a password, too.
  if (!text.includes('://') || !URL.canParse(text)) return text.replace(/^(?!pglite:).*@/s, `${mask}@`);
  const url = new URL(text);
  if (url.password) url.password = mask;
  if (url.searchParams.has('password')) url.searchParams.set('password', mask);
  return url.href;
}
