/** The resolved configuration as lines of `NAME=value`, fit to be shown to anybody. */
import type { Environment } from './load.ts';
import { type Variable, variableNames, variables } from './variables.ts';

/** One line a variable; secrets are masked, what is not set says what it means. */
export function printConfig(environment: Environment): string {
  return variableNames
    .map((name) => {
      const variable: Variable<unknown> = variables[name];
      const given = environment[name];
      if (given) return `${name}=${masked(given, variable)}`;
      if (variable.fallback !== null) return `${name}=${variable.fallback}  # default`;
      return `# ${name} is not set${variable.fallbackNote ? `: ${variable.fallbackNote.replaceAll('`', '')}` : ''}`;
    })
    .join('\n');
}

function masked(text: string, { secret }: Variable<unknown>): string {
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
