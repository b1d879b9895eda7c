/** Warnings about a valid configuration, for the log. */
import { isProtected } from './addresses.ts';
import type { AuthConfig } from './config.ts';
import type { VariableValues } from './variables.ts';

export function warningsOf(values: VariableValues, auth: AuthConfig): string[] {
  return [...disabledChecks(auth), ...unusedVariables(values, auth)];
}

/** Warnings about checks of tokens that are off because of an explicit setting. */
function disabledChecks(auth: AuthConfig): string[] {
  if (auth.mode !== 'jwks') return [];
  return [
    auth.issuer === null && 'AUTH_ISSUER is *: tokens of every issuer with these keys are accepted',
    auth.audience === null && 'AUTH_AUDIENCE is *: tokens for every application of the issuer are accepted',
    !isProtected(auth.jwksUrl) && 'AUTH_JWKS_ALLOW_HTTP is true: keys are fetched over plain http',
  ].filter((warning) => warning !== false);
}

/** The variables for e-mail, social sign-in and the second factor of the embedded issuer. */
const accountVariables = [
  'APP_URL',
  'SMTP_URL',
  'EMAIL_FROM',
  'GOOGLE_CLIENT_ID',
  'GOOGLE_CLIENT_SECRET',
  'GITHUB_CLIENT_ID',
  'GITHUB_CLIENT_SECRET',
  'TWO_FACTOR',
] as const;

/** A warning about variables of the embedded issuer. It is no error, because another program can share the environment. */
function unusedVariables(values: VariableValues, { mode }: AuthConfig): string[] {
  const unused = accountVariables.filter((name) => values[name]);
  if (mode === 'embedded' || unused.length === 0) return [];
  return [
    `${unused.join(', ')}: not used with AUTH_MODE=${mode}, because another issuer has the accounts; set AUTH_MODE=embedded, or remove what no other program uses`,
  ];
}
