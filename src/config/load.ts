/** From environment variables to the checked configuration. */
import type { AuthConfig, Config, DatabaseConfig } from './config.ts';
import { cleanValue, refuseValue } from './value.ts';
import {
  type VariableDefinition,
  type VariableName,
  type VariableValues,
  variableNames,
  variables,
} from './variables.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The environment cannot be used. The message has one line per fault, which names the variable and the fix. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(faults: readonly string[]) {
    super(faults.join('\n'));
  }
}

/**
 * Checks the environment as a whole. White space and one pair of quotes around a value do not count, and a variable that
 * is set to nothing counts as not set.
 *
 * @throws ConfigError that lists every fault at once
 */
export function loadConfig(environment: Environment): Config {
  const faults: string[] = [];
  const values = parseAll(environment, faults);
  const database = databaseConfig(values, faults);
  const auth = authConfig(values, faults);
  const metrics = metricsConfig(values, faults);
  if (faults.length > 0 || !auth) throw new ConfigError(faults);
  const port = set(values.PORT);
  const publicUrl = values.PUBLIC_URL ?? `http://localhost:${port}`;
  return deepFreeze({
    server: {
      host: set(values.HOST),
      port,
      publicUrl,
      basePath: new URL(publicUrl).pathname.replace(/^\/$/, ''),
      corsOrigins: values.CORS_ORIGINS ?? [],
      shutdownTimeoutMs: set(values.SHUTDOWN_TIMEOUT_MS),
    },
    database,
    auth,
    limits: {
      requests: set(values.RATE_LIMIT_PER_MINUTE),
      store: set(values.RATE_LIMIT_STORE),
      authFailures: set(values.AUTH_FAILURES_PER_MINUTE),
      trustedProxies: values.TRUSTED_PROXIES ?? [],
    },
    log: { level: set(values.LOG_LEVEL) },
    metrics,
    traces: asksForTraces(environment),
  });
}

function parseAll(environment: Environment, faults: string[]): VariableValues {
  const parsed = variableNames.map((name): [VariableName, unknown] => {
    const variable = variables[name];
    const text = cleanValue(environment[name] ?? '') || variable.defaultValue;
    if (text === null) return [name, null];
    try {
      return [name, parse(variable, text)];
    } catch (error) {
      faults.push(`${name}: ${(error as Error).message}.`);
      return [name, variable.defaultValue === null ? null : variable.parse(variable.defaultValue)];
    }
  });
  return Object.fromEntries(parsed) as VariableValues;
}

function parse(variable: VariableDefinition<unknown>, text: string): unknown {
  const reason = refuseValue(text, variable.secret === 'all');
  if (reason !== null) throw new Error(reason);
  return variable.parse(text);
}

function databaseConfig(values: VariableValues, faults: string[]): DatabaseConfig {
  const common = {
    poolMax: set(values.DATABASE_POOL_MAX),
    timeoutMs: set(values.DATABASE_TIMEOUT_MS),
    prepare: set(values.DATABASE_PREPARE),
    migrateOnStart: set(values.MIGRATE_ON_START),
  };
  const address = set(values.DATABASE_URL);
  if (address.kind === 'postgres') {
    return { ...common, ...address, directUrl: values.DATABASE_DIRECT_URL ?? address.url };
  }
  if (values.DATABASE_DIRECT_URL) {
    faults.push(
      'DATABASE_DIRECT_URL: DATABASE_URL is embedded (pglite); remove this one, or set both to postgres://….',
    );
  }
  return { ...common, ...address };
}

function authConfig(values: VariableValues, faults: string[]): AuthConfig | null {
  const mode = set(values.AUTH_MODE);
  const secret = values.BETTER_AUTH_SECRET;
  // Better Auth issues tokens in the name of its origin, whatever path its base URL has.
  const betterAuth = values.BETTER_AUTH_URL === null ? null : new URL(values.BETTER_AUTH_URL);
  const issuer = values.AUTH_ISSUER ?? betterAuth?.origin ?? null;
  const audience = values.AUTH_AUDIENCE ?? betterAuth?.origin ?? null;

  const refuse = (names: readonly VariableName[]) => {
    for (const name of names.filter((candidate) => values[candidate] !== null)) {
      faults.push(`${name}: means nothing with AUTH_MODE=${mode}; remove it, or set AUTH_MODE=jwks.`);
    }
  };

  /** Tells what is missing, unless it is there and was refused. */
  const demand = (name: VariableName, message: string) => {
    const isRefused = (told: VariableName) => faults.some((fault) => fault.startsWith(`${told}:`));
    if (!isRefused(name) && !(name === 'BETTER_AUTH_URL' && isRefused('AUTH_JWKS_URL')))
      faults.push(`${name}: ${message}`);
  };

  switch (mode) {
    case 'embedded': {
      refuse(['BETTER_AUTH_URL', 'AUTH_ISSUER', 'AUTH_AUDIENCE', 'AUTH_JWKS_URL', 'AUTH_ALGORITHMS']);
      const address = values.DATABASE_URL;
      const keepsSecret = address?.kind === 'pglite' && address.directory !== null;
      if (!secret && !keepsSecret) demand('BETTER_AUTH_SECRET', secretMissing('on this database'));
      return { mode, secret };
    }
    case 'jwks': {
      const jwksUrl = values.AUTH_JWKS_URL ?? (betterAuth && betterAuthKeys(betterAuth));
      if (!jwksUrl) {
        demand('BETTER_AUTH_URL', 'AUTH_MODE=jwks needs it, or AUTH_JWKS_URL for an issuer other than Better Auth.');
        return null;
      }
      return { mode, jwksUrl, issuer, audience, algorithms: values.AUTH_ALGORITHMS ?? ['EdDSA', 'ES256', 'RS256'] };
    }
    case 'shared-secret': {
      refuse(['BETTER_AUTH_URL', 'AUTH_JWKS_URL', 'AUTH_ALGORITHMS']);
      if (!secret) {
        demand('BETTER_AUTH_SECRET', secretMissing('with AUTH_MODE=shared-secret'));
        return null;
      }
      return { mode, secret, issuer: values.AUTH_ISSUER, audience: values.AUTH_AUDIENCE };
    }
  }
}

/** The JWKS of a Better Auth server, which uses a path in its base URL instead of its default `/api/auth`. */
function betterAuthKeys({ origin, pathname }: URL): string {
  return `${origin}${pathname === '/' ? '/api/auth' : pathname}/jwks`;
}

function metricsConfig(values: VariableValues, faults: string[]): Config['metrics'] {
  if (!values.METRICS) return null;
  const port = set(values.ADMIN_PORT);
  if (port !== 0 && port === values.PORT)
    faults.push('ADMIN_PORT: metrics need a port of their own; set it to another one than PORT.');
  return { port };
}

/** Whether an OpenTelemetry SDK in this process would be asked to send traces (its specification, "Environment variables"). */
function asksForTraces(environment: Environment): boolean {
  if (environment.OTEL_SDK_DISABLED?.toLowerCase() === 'true' || environment.OTEL_TRACES_EXPORTER === 'none')
    return false;
  return Object.entries(environment).some(([name, text]) => name.startsWith('OTEL_') && text);
}

function secretMissing(where: string): string {
  return `required ${where}; set it to 32 bytes or more, \`openssl rand -base64 32\` prints a good one.`;
}

/** The value of a variable that has a default. */
function set<Value>(value: Value | null): Value {
  if (value === null) throw new Error('a variable with a default has no value');
  return value;
}

function deepFreeze<Value extends object>(value: Value): Value {
  for (const part of Object.values(value)) {
    if (typeof part === 'object' && part !== null) deepFreeze(part);
  }
  return Object.freeze(value);
}
