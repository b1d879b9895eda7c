/** Definitions of the environment variables: description, default and parser. */
import { type LimitedResource, limitedResources, quotas } from '../vocabulary.ts';
import {
  betterAuthUrl,
  commaSeparated,
  dataDirectory,
  httpUrl,
  jwksUrl,
  origin,
  proxies,
  publicUrl,
} from './addresses.ts';
import { type LogLevel, logLevels, type SigningAlgorithm, type SocialProvider, signingAlgorithms } from './config.ts';
import { sender, smtpUrl } from './email.ts';
import { secretText } from './secret-text.ts';

/** A variable. `parse` throws an `Error` whose message has the fix and does not quote the value. */
export interface VariableDefinition<Value> {
  readonly description: string;
  /** The default; null if it depends on other variables or if there is none. */
  readonly defaultValue: string | null;
  /** Text of the documentation about the default, if `defaultValue` is null. */
  readonly defaultNote?: string;
  /** The part to mask in output: `all` of the value, or only the credentials in a `url`. */
  readonly secret?: 'all' | 'url';
  readonly parse: (text: string) => Value;
}

/** A hundred years. */
const maxDays = 36_500;

export const variables = {
  PORT: define({
    description: 'Port to listen on; 0 selects a free port.',
    defaultValue: '3000',
    parse: wholeNumber(0, 65_535),
  }),
  HOST: define({
    description: 'Address to listen on; `0.0.0.0` or `::` for all addresses.',
    defaultValue: '127.0.0.1',
    parse: (text) => text,
  }),
  PUBLIC_URL: define({
    description: 'URL that clients use, including the path prefix of a proxy; issuer and audience of embedded tokens.',
    defaultValue: null,
    defaultNote: '`http://localhost:PORT`',
    parse: publicUrl,
  }),
  DATABASE_URL: define({
    description: '`pglite:DIR`, `pglite:memory`, or `postgres://…` (including the pooled URL of Neon).',
    defaultValue: 'pglite:./.data',
    secret: 'url',
    parse: databaseUrl,
  }),
  DATABASE_DIRECT_URL: define({
    description: 'URL for migrations, if `DATABASE_URL` is a pooler.',
    defaultValue: null,
    defaultNote: '`DATABASE_URL`',
    secret: 'url',
    parse: postgresUrl,
  }),
  DATABASE_POOL_MAX: define({
    description: 'Maximum number of connections to PostgreSQL.',
    defaultValue: '10',
    parse: wholeNumber(1, 1_000),
  }),
  DATABASE_TIMEOUT_MS: define({
    description:
      'Statement timeout in milliseconds. The wait for a connection before the statement has the same limit.',
    defaultValue: '5000',
    parse: wholeNumber(100, 600_000),
  }),
  DATABASE_PREPARE: define({
    description: '`false` if a pooler does not support prepared statements (PgBouncer before 1.21).',
    defaultValue: 'true',
    parse: parseBoolean,
  }),
  MIGRATE_ON_START: define({
    description:
      '`true` migrates the schema at start. With `false`, the server does not start on a schema of another version.',
    defaultValue: 'true',
    parse: parseBoolean,
  }),
  AUTH_MODE: define({
    description: 'Source of the tokens: `embedded`, `jwks` or `shared-secret`.',
    defaultValue: 'embedded',
    parse: oneOf(['embedded', 'jwks', 'shared-secret'] as const),
  }),
  BETTER_AUTH_SECRET: define({
    description:
      'Secret of Better Auth for encryption and signatures; in `shared-secret`, the secret that signs the tokens. At least 32 bytes.',
    defaultValue: null,
    defaultNote:
      'generated and stored in the data directory in `embedded` on `pglite:DIR`; otherwise required in `embedded` and `shared-secret`',
    secret: 'all',
    parse: secretText,
  }),
  BETTER_AUTH_URL: define({
    description:
      'In `jwks`: the `baseURL` of another Better Auth server. Its origin is the issuer and the audience. The keys are at `/api/auth/jwks`, or at `/jwks` below the path of the URL if it has one.',
    defaultValue: null,
    parse: betterAuthUrl,
  }),
  AUTH_ISSUER: define({
    description:
      'Required `iss` of tokens, compared exactly. Required in `jwks` with an issuer other than Better Auth; `*` accepts every `iss`.',
    defaultValue: null,
    parse: (text) => text,
  }),
  AUTH_AUDIENCE: define({
    description:
      'Required `aud` of tokens, or one of several. Required in `jwks` with an issuer other than Better Auth; `*` accepts every `aud`, including tokens for other applications of the issuer.',
    defaultValue: null,
    parse: (text) => text,
  }),
  AUTH_JWKS_URL: define({
    description: 'In `jwks`: the URL of the issuer’s JWK Set, `jwks_uri` in its discovery document.',
    defaultValue: null,
    parse: jwksUrl,
  }),
  AUTH_JWKS_ALLOW_HTTP: define({
    description:
      'In `jwks`: `true` accepts keys over plain http from another host, for example in a private network. An attacker in that network can then replace the keys.',
    defaultValue: 'false',
    parse: parseBoolean,
  }),
  AUTH_ALGORITHMS: define({
    description: `In \`jwks\`: comma-separated signing algorithms that are accepted, from ${signingAlgorithms.join(', ')}.`,
    defaultValue: null,
    defaultNote: '`EdDSA,ES256,RS256`',
    parse: algorithms,
  }),
  APP_URL: define({
    description:
      'In `embedded`: the page of the application that links in e-mails lead to, and redirects after a sign-in with Google or GitHub, if the request names no other one. Required with one of them.',
    defaultValue: null,
    parse: httpUrl,
  }),
  SMTP_URL: define({
    description:
      'In `embedded`: the server that sends e-mails: `smtps://user:password@host:465` with TLS, or `smtp://user:password@host:587` with STARTTLS. With `?tls=optional`, messages are also sent without TLS, in a private network. Without it, no operation that needs e-mail exists.',
    defaultValue: null,
    secret: 'url',
    parse: smtpUrl,
  }),
  EMAIL_FROM: define({
    description:
      'In `embedded`: the sender of e-mails, such as `todo@example.com` or `Todo <todo@example.com>`. Required with `SMTP_URL`.',
    defaultValue: null,
    parse: sender,
  }),
  ...providerVariables('google', 'Google'),
  ...providerVariables('github', 'GitHub'),
  TWO_FACTOR: define({
    description:
      'In `embedded`: `on` lets users require a code of an authenticator app for their sign-in. The pages of the application must ask for it. With `off`, no code is asked for.',
    defaultValue: 'off',
    parse: (text) => oneOf(['on', 'off'] as const)(text) === 'on',
  }),
  CORS_ORIGINS: define({
    description:
      'Comma-separated exact origins whose pages may call the API from a browser or a WebView, such as `https://app.example.com` or `capacitor://localhost`.',
    defaultValue: null,
    defaultNote: 'none',
    parse: (text) => commaSeparated(text).map(origin),
  }),
  TRUSTED_PROXIES: define({
    description:
      'Comma-separated addresses or CIDR blocks of proxies whose `X-Forwarded-For` is trusted; also `loopback`, `linklocal` and `uniquelocal`.',
    defaultValue: null,
    defaultNote: 'none',
    parse: proxies,
  }),
  RATE_LIMIT_PER_MINUTE: define({
    description:
      'Maximum requests per user and minute; 0 disables the limit. In `embedded`, requests to `/api/auth` have the same limit per session, or per client address without a session.',
    defaultValue: '600',
    parse: wholeNumber(0, 1_000_000),
  }),
  RATE_LIMIT_STORE: define({
    description:
      'Store of the request counters: `memory` counts per server; `database` counts across all servers, at the cost of one extra round trip per request.',
    defaultValue: 'memory',
    parse: oneOf(['memory', 'database'] as const),
  }),
  AUTH_FAILURES_PER_MINUTE: define({
    description:
      'Maximum failed authentications per client address and minute; 0 disables the limit. Tokens and passwords count separately.',
    defaultValue: '60',
    parse: wholeNumber(0, 1_000_000),
  }),
  SIGN_UPS_PER_HOUR: define({
    description:
      'In `embedded`: maximum sign-ups per client address and hour; 0 disables the limit. A sign-up with an e-mail address that has an account counts six times.',
    defaultValue: '60',
    parse: wholeNumber(0, 1_000_000),
  }),
  ...quotaVariables(),
  TRASH_DAYS: define({
    description: 'Days until a deleted task is removed from the trash. With 0, deletions are permanent.',
    defaultValue: '30',
    parse: wholeNumber(0, maxDays),
  }),
  HISTORY_DAYS: define({
    description: 'Days that the history of tasks is kept. A request can be undone as long.',
    defaultValue: '90',
    parse: wholeNumber(1, maxDays),
  }),
  LOG_LEVEL: define<LogLevel>({
    description: `Minimum log level: ${logLevels.join(', ')}. The log has JSON lines on a pipe and readable lines on a terminal.`,
    defaultValue: 'info',
    parse: oneOf(logLevels),
  }),
  METRICS: define({
    description:
      '`on` serves metrics for Prometheus at `/metrics` on `METRICS_HOST` and `ADMIN_PORT`, without authentication.',
    defaultValue: 'off',
    parse: (text) => oneOf(['on', 'off'] as const)(text) === 'on',
  }),
  METRICS_HOST: define({
    description: 'Address for metrics; `0.0.0.0` or `::` for all addresses.',
    defaultValue: '127.0.0.1',
    parse: (text) => text,
  }),
  ADMIN_PORT: define({
    description:
      'Port for metrics, on the address in `METRICS_HOST`. It must differ from `PORT`. 0 selects a free port.',
    defaultValue: '9464',
    parse: wholeNumber(0, 65_535),
  }),
  SHUTDOWN_TIMEOUT_MS: define({
    description: 'Milliseconds for requests in progress to finish after SIGTERM or SIGINT.',
    defaultValue: '10000',
    parse: wholeNumber(0, 600_000),
  }),
};

export type VariableName = keyof typeof variables;

export const variableNames = Object.keys(variables) as VariableName[];

export function isVariableName(name: string): name is VariableName {
  return Object.hasOwn(variables, name);
}

/** The parsed value of each variable, or null. */
export type VariableValues = { readonly [Name in VariableName]: ReturnType<(typeof variables)[Name]['parse']> | null };

function define<Value>(variable: VariableDefinition<Value>): VariableDefinition<Value> {
  return variable;
}

type ProviderVariable<Provider extends SocialProvider> =
  | `${Uppercase<Provider>}_CLIENT_ID`
  | `${Uppercase<Provider>}_CLIENT_SECRET`;

function providerVariables<Provider extends SocialProvider>(
  provider: Provider,
  name: string,
): Record<ProviderVariable<Provider>, VariableDefinition<string>> {
  const prefix = provider.toUpperCase();
  return {
    [`${prefix}_CLIENT_ID`]: define({
      description: `In \`embedded\`: the client id of this server at ${name}, for the sign-in with ${name}.`,
      defaultValue: null,
      parse: (text) => text,
    }),
    [`${prefix}_CLIENT_SECRET`]: define({
      description: `In \`embedded\`: the client secret of this server at ${name}.`,
      defaultValue: null,
      secret: 'all',
      parse: (text) => text,
    }),
  } as Record<ProviderVariable<Provider>, VariableDefinition<string>>;
}

type QuotaVariable = `MAX_${Uppercase<LimitedResource>}_PER_USER`;

export function quotaVariable(resource: LimitedResource): QuotaVariable {
  return `MAX_${resource.toUpperCase() as Uppercase<LimitedResource>}_PER_USER`;
}

function quotaVariables(): Record<QuotaVariable, VariableDefinition<number>> {
  const definitions = limitedResources.map((resource) => [
    quotaVariable(resource),
    define({
      description: `Maximum number of ${resource} per user; 0 disables the quota.`,
      defaultValue: String(quotas[resource].defaultValue),
      parse: wholeNumber(0, quotas[resource].maximum),
    }),
  ]);
  return Object.fromEntries(definitions);
}

function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (!(number >= min && number <= max)) throw new Error(`set it to a whole number from ${min} to ${max}`);
    return number;
  };
}

function parseBoolean(text: string): boolean {
  return oneOf(['true', 'false'] as const)(text) === 'true';
}

function oneOf<Choice extends string>(choices: readonly Choice[]): (text: string) => Choice {
  return (text) => {
    const choice = choices.find((candidate) => candidate === text);
    if (choice === undefined) throw new Error(`set it to one of: ${choices.join(', ')}`);
    return choice;
  };
}

function postgresUrl(text: string): string {
  if (!/^postgres(ql)?:\/\//.test(text) || !URL.canParse(text)) {
    throw new Error('set it to a URL such as postgres://user:password@host:5432/database');
  }
  // The parser takes the text after an unescaped "/", "?" or "#" in a password as another part of the URL. Error
  // messages quote the port and the name of the database, and would then contain a part of the password.
  const { pathname, search, hash } = new URL(text);
  if (pathname.includes('@') || hash !== '' || /[?&][^=&]*[^\w=&]/.test(search)) {
    throw new Error('write "/", "?", "#" and "&" in the user or the password as %2F, %3F, %23 and %26');
  }
  return text;
}

type DatabaseAddress = { kind: 'pglite'; directory: string | null } | { kind: 'postgres'; url: string };

function databaseUrl(text: string): DatabaseAddress {
  if (text === 'pglite:memory') return { kind: 'pglite', directory: null };
  const [, directory] = /^pglite:(.+)$/s.exec(text) ?? [];
  if (directory) return { kind: 'pglite', directory: dataDirectory(directory) };
  if (!/^postgres(ql)?:\/\//.test(text) || !URL.canParse(text)) {
    throw new Error('set it to pglite:DIR, pglite:memory, or postgres://user:password@host:5432/database');
  }
  return { kind: 'postgres', url: postgresUrl(text) };
}

function algorithms(text: string): SigningAlgorithm[] {
  const chosen = commaSeparated(text).map(oneOf(signingAlgorithms));
  if (chosen.length === 0) throw new Error(`set it to at least one of: ${signingAlgorithms.join(', ')}`);
  return chosen;
}
