/** Every environment variable that the server reads: its default, its meaning, and how its text is checked. */
import { commaSeparated, httpUrl, jwksUrl, origin, proxies, publicUrl } from './addresses.ts';
import { type LogLevel, logLevels, type SigningAlgorithm, signingAlgorithms } from './config.ts';

/** One variable. `parse` throws an `Error` whose message says what is expected, without quoting the value. */
export interface VariableDefinition<Value> {
  readonly description: string;
  /** What is taken when it is not set; null where that depends on other variables or there is none. */
  readonly defaultValue: string | null;
  /** Said in documentation where `fallback` is null. */
  readonly fallbackNote?: string;
  /** Hidden when printed: `all` of it, or only the `password` inside a URL. */
  readonly secret?: 'all' | 'password';
  readonly parse: (text: string) => Value;
}

export const variables = {
  PORT: define({
    description: 'The port to listen on; 0 takes any free one.',
    defaultValue: '3000',
    parse: wholeNumber(0, 65_535),
  }),
  HOST: define({
    description: 'The address to listen on; `0.0.0.0` or `::` for all.',
    defaultValue: '127.0.0.1',
    parse: (text) => text,
  }),
  PUBLIC_URL: define({
    description:
      'The server’s own URL as clients see it, with the path below which a proxy serves it; issuer and audience of embedded tokens.',
    defaultValue: null,
    fallbackNote: '`http://localhost:PORT`',
    parse: publicUrl,
  }),
  DATABASE_URL: define({
    description: '`pglite:DIR`, `pglite:memory`, or `postgres://…` (Neon’s pooled URL included).',
    defaultValue: 'pglite:./.data',
    secret: 'password',
    parse: databaseUrl,
  }),
  DATABASE_DIRECT_URL: define({
    description: 'For migrations, where `DATABASE_URL` goes through a pooler.',
    defaultValue: null,
    fallbackNote: '`DATABASE_URL`',
    secret: 'password',
    parse: postgresUrl,
  }),
  DATABASE_POOL_MAX: define({
    description: 'Connections to PostgreSQL at the most.',
    defaultValue: '10',
    parse: wholeNumber(1, 1_000),
  }),
  DATABASE_TIMEOUT_MS: define({
    description: 'Milliseconds for getting an answer to one statement.',
    defaultValue: '5000',
    parse: wholeNumber(100, 600_000),
  }),
  DATABASE_PREPARE: define({
    description: '`false` where a pooler in between cannot keep prepared statements (PgBouncer before 1.21).',
    defaultValue: 'true',
    parse: parseBoolean,
  }),
  MIGRATE_ON_START: define({
    description:
      '`false` to refuse to start on a schema that is not the server’s own version, instead of migrating it.',
    defaultValue: 'true',
    parse: parseBoolean,
  }),
  AUTH_MODE: define({
    description: 'Where tokens come from: `embedded`, `jwks` or `shared-secret`.',
    defaultValue: 'embedded',
    parse: oneOf(['embedded', 'jwks', 'shared-secret'] as const),
  }),
  BETTER_AUTH_SECRET: define({
    description:
      'What Better Auth encrypts and signs with, or what tokens are signed with in `shared-secret`; 32 bytes or more.',
    defaultValue: null,
    fallbackNote:
      'made and kept in the data directory on `pglite:DIR` in `embedded`; required otherwise in `embedded` and `shared-secret`',
    secret: 'all',
    parse: secretText,
  }),
  BETTER_AUTH_URL: define({
    description:
      'In `jwks`: the `baseURL` of a Better Auth server elsewhere. Its origin is issuer and audience; the keys are at `/api/auth/jwks`, or at `/jwks` below the path where it has one.',
    defaultValue: null,
    parse: httpUrl,
  }),
  AUTH_ISSUER: define({
    description: 'The `iss` that tokens must have, to the letter, for issuers other than Better Auth.',
    defaultValue: null,
    parse: (text) => text,
  }),
  AUTH_AUDIENCE: define({
    description: 'The `aud` that tokens must have, or have among others; not compared where it is not set.',
    defaultValue: null,
    parse: (text) => text,
  }),
  AUTH_JWKS_URL: define({
    description: 'The URL of the issuer’s JWK Set, in `jwks`: what its discovery document calls `jwks_uri`.',
    defaultValue: null,
    parse: jwksUrl,
  }),
  AUTH_ALGORITHMS: define({
    description: `Comma-separated signing algorithms that are accepted in \`jwks\`: any of ${signingAlgorithms.join(', ')}.`,
    defaultValue: null,
    fallbackNote: '`EdDSA,ES256,RS256`',
    parse: algorithms,
  }),
  CORS_ORIGINS: define({
    description:
      'Comma-separated exact origins whose pages may call the API from a browser or a WebView, such as `https://app.example.com` or `capacitor://localhost`.',
    defaultValue: null,
    fallbackNote: 'none',
    parse: (text) => commaSeparated(text).map(origin),
  }),
  TRUSTED_PROXIES: define({
    description:
      'Comma-separated addresses or CIDR blocks of the proxies whose `X-Forwarded-For` counts; also `loopback`, `linklocal` and `uniquelocal`.',
    defaultValue: null,
    fallbackNote: 'none',
    parse: proxies,
  }),
  RATE_LIMIT_PER_MINUTE: define({
    description: 'Requests of a user in a minute at the most; 0 is no limit.',
    defaultValue: '600',
    parse: wholeNumber(0, 1_000_000),
  }),
  RATE_LIMIT_STORE: define({
    description:
      'Where the requests of users are counted: in `memory`, by each server for itself, or in the `database`, by all servers on it together, at the price of a round trip a request.',
    defaultValue: 'memory',
    parse: oneOf(['memory', 'database'] as const),
  }),
  AUTH_FAILURES_PER_MINUTE: define({
    description: 'Failed authentications of an address in a minute at the most; 0 is no limit.',
    defaultValue: '60',
    parse: wholeNumber(0, 1_000_000),
  }),
  LOG_LEVEL: define<LogLevel>({
    description: `The least level that is logged: ${logLevels.join(', ')}. JSON lines on a pipe, readable lines on a terminal.`,
    defaultValue: 'info',
    parse: oneOf(logLevels),
  }),
  METRICS: define({
    description: '`on` to serve metrics for Prometheus at `/metrics` on `ADMIN_PORT`.',
    defaultValue: 'off',
    parse: (text) => oneOf(['on', 'off'] as const)(text) === 'on',
  }),
  ADMIN_PORT: define({
    description: 'The port for metrics, on the address in `HOST`; not the one in `PORT`. 0 takes any free one.',
    defaultValue: '9464',
    parse: wholeNumber(0, 65_535),
  }),
  SHUTDOWN_TIMEOUT_MS: define({
    description: 'Milliseconds that requests under way have to finish after SIGTERM or SIGINT.',
    defaultValue: '10000',
    parse: wholeNumber(0, 600_000),
  }),
};

export type VariableName = keyof typeof variables;

export const variableNames = Object.keys(variables) as VariableName[];

export function isVariableName(name: string): name is VariableName {
  return Object.hasOwn(variables, name);
}

/** What `parse` of each variable gives. */
export type VariableValues = { readonly [Name in VariableName]: ReturnType<(typeof variables)[Name]['parse']> | null };

function define<Value>(variable: VariableDefinition<Value>): VariableDefinition<Value> {
  return variable;
}

function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (!(number >= least && number <= most)) throw new Error(`set it to a whole number from ${least} to ${most}`);
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
  return text;
}

type DatabaseAddress = { kind: 'pglite'; directory: string | null } | { kind: 'postgres'; url: string };

function databaseUrl(text: string): DatabaseAddress {
  if (text === 'pglite:memory') return { kind: 'pglite', directory: null };
  const [, directory] = /^pglite:(.+)$/s.exec(text) ?? [];
  if (directory) return { kind: 'pglite', directory };
  try {
    return { kind: 'postgres', url: postgresUrl(text) };
  } catch {
    throw new Error('set it to pglite:DIR, pglite:memory, or postgres://user:password@host:5432/database');
  }
}

function algorithms(text: string): SigningAlgorithm[] {
  const chosen = commaSeparated(text).map(oneOf(signingAlgorithms));
  if (chosen.length === 0) throw new Error(`name at least one of: ${signingAlgorithms.join(', ')}`);
  return chosen;
}

/** Texts that examples and templates put where the secret belongs, Better Auth's own default among them. */
const placeholders =
  /change.?me|your.?secret|secret.?here|better-auth-secret-|placeholder|example|password|0123456789abcdef0123|^(.{1,4})\1+$/i;

function secretText(text: string): string {
  if (new TextEncoder().encode(text).length < 32) {
    throw new Error('make it 32 bytes or longer; `openssl rand -base64 32` prints a good one');
  }
  if (placeholders.test(text)) {
    throw new Error('it is a well-known placeholder; `openssl rand -base64 32` prints a good one');
  }
  return text;
}
