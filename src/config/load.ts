/** Validation of the environment variables. */
import { limitedResources } from '../vocabulary.ts';
import { basePathOf, isProtected } from './addresses.ts';
import { type AuthConfig, type Config, type DatabaseConfig, type EmbeddedAuth, socialProviders } from './config.ts';
import { secretAdvice } from './secret-text.ts';
import { cleanValue, rejectionReason } from './value.ts';
import {
  quotaVariable,
  type VariableDefinition,
  type VariableName,
  type VariableValues,
  variableNames,
  variables,
} from './variables.ts';
import { warningsOf } from './warnings.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The environment is not valid. The message has one line per error, with the variable and the fix. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(errors: readonly string[]) {
    super(errors.join('\n'));
  }
}

/**
 * Validates all variables. White space and one pair of quotes around a value are ignored. An empty variable counts as not
 * set.
 *
 * @throws ConfigError that lists all errors
 */
export function loadConfig(environment: Environment): Config {
  const errors: string[] = [];
  const values = parseAll(environment, errors);
  const database = databaseConfig(values, errors);
  const auth = authConfig(values, errors);
  const metrics = metricsConfig(values, errors);
  if (errors.length > 0 || !auth) throw new ConfigError(errors);
  const port = required(values.PORT);
  const publicUrl = values.PUBLIC_URL ?? `http://localhost:${port}`;
  return deepFreeze({
    server: {
      host: required(values.HOST),
      port,
      publicUrl,
      basePath: basePathOf(publicUrl),
      mcpUrl: `${publicUrl}/mcp`,
      corsOrigins: values.CORS_ORIGINS ?? [],
      shutdownTimeoutMs: required(values.SHUTDOWN_TIMEOUT_MS),
    },
    database,
    auth,
    limits: {
      requests: required(values.RATE_LIMIT_PER_MINUTE),
      store: required(values.RATE_LIMIT_STORE),
      authFailures: required(values.AUTH_FAILURES_PER_MINUTE),
      signUps: required(values.SIGN_UPS_PER_HOUR),
      trustedProxies: values.TRUSTED_PROXIES ?? [],
    },
    quotas: quotasConfig(values),
    retention: { trashDays: required(values.TRASH_DAYS), historyDays: required(values.HISTORY_DAYS) },
    log: { level: required(values.LOG_LEVEL) },
    metrics,
    traces: isTracingEnabled(environment),
    warnings: warningsOf(values, auth),
  });
}

function parseAll(environment: Environment, errors: string[]): VariableValues {
  const parsed = variableNames.map((name): [VariableName, unknown] => {
    const variable = variables[name];
    const text = cleanValue(environment[name] ?? '') || variable.defaultValue;
    if (text === null) return [name, null];
    try {
      return [name, parse(variable, text)];
    } catch (error) {
      errors.push(`${name}: ${(error as Error).message}.`);
      return [name, variable.defaultValue === null ? null : variable.parse(variable.defaultValue)];
    }
  });
  return Object.fromEntries(parsed) as VariableValues;
}

function parse(variable: VariableDefinition<unknown>, text: string): unknown {
  const reason = rejectionReason(text, variable.secret === 'all');
  if (reason !== null) throw new Error(reason);
  return variable.parse(text);
}

function databaseConfig(values: VariableValues, errors: string[]): DatabaseConfig {
  const common = {
    poolMax: required(values.DATABASE_POOL_MAX),
    timeoutMs: required(values.DATABASE_TIMEOUT_MS),
    prepare: required(values.DATABASE_PREPARE),
    migrateOnStart: required(values.MIGRATE_ON_START),
  };
  const address = required(values.DATABASE_URL);
  if (address.kind === 'postgres') {
    return { ...common, ...address, directUrl: values.DATABASE_DIRECT_URL ?? address.url };
  }
  if (values.DATABASE_DIRECT_URL) {
    errors.push(
      'DATABASE_DIRECT_URL: DATABASE_URL is an embedded database (pglite); remove DATABASE_DIRECT_URL, or set both to postgres://….',
    );
  }
  return { ...common, ...address };
}

function authConfig(values: VariableValues, errors: string[]): AuthConfig | null {
  const mode = required(values.AUTH_MODE);
  const secret = values.BETTER_AUTH_SECRET;
  // The issuer of Better Auth's tokens is its origin, without the path of its base URL.
  const betterAuth = values.BETTER_AUTH_URL === null ? null : new URL(values.BETTER_AUTH_URL);
  const issuer = expected(values.AUTH_ISSUER ?? betterAuth?.origin);
  const audience = expected(values.AUTH_AUDIENCE ?? betterAuth?.origin);

  const rejectAll = (names: readonly VariableName[]) => {
    for (const name of names.filter((candidate) => values[candidate] !== null)) {
      errors.push(`${name}: is not used with AUTH_MODE=${mode}; remove it, or set AUTH_MODE=jwks.`);
    }
  };

  /** Reports a missing variable, unless it is set and was rejected. */
  const reportMissing = (name: VariableName, message: string) => {
    if (name === 'BETTER_AUTH_URL' && isRejected('AUTH_JWKS_URL', errors)) return;
    if (!isRejected(name, errors)) errors.push(`${name}: ${message}`);
  };

  switch (mode) {
    case 'embedded': {
      rejectAll(['BETTER_AUTH_URL', 'AUTH_ISSUER', 'AUTH_AUDIENCE', 'AUTH_JWKS_URL', 'AUTH_ALGORITHMS']);
      const address = values.DATABASE_URL;
      const canStoreSecret = address?.kind === 'pglite' && address.directory !== null;
      if (!secret && !canStoreSecret) reportMissing('BETTER_AUTH_SECRET', secretMissing('on this database'));
      return { mode, secret, ...accountsConfig(values, errors) };
    }
    case 'jwks': {
      const jwksUrl = values.AUTH_JWKS_URL ?? (betterAuth && betterAuthKeys(betterAuth));
      if (!jwksUrl) {
        reportMissing(
          'BETTER_AUTH_URL',
          'required with AUTH_MODE=jwks; set it, or set AUTH_JWKS_URL for an issuer other than Better Auth.',
        );
        return null;
      }
      if (!betterAuth && !values.AUTH_ISSUER) {
        reportMissing(
          'AUTH_ISSUER',
          'required with AUTH_JWKS_URL; set it to the `iss` of the tokens, or to * for any.',
        );
      }
      if (!betterAuth && !values.AUTH_AUDIENCE) {
        reportMissing(
          'AUTH_AUDIENCE',
          'required with AUTH_JWKS_URL; set it to the `aud` of the tokens, or to * for any.',
        );
      }
      if (!isProtected(jwksUrl) && !values.AUTH_JWKS_ALLOW_HTTP) {
        errors.push(
          `${values.AUTH_JWKS_URL ? 'AUTH_JWKS_URL' : 'BETTER_AUTH_URL'}: keys over plain http can be replaced on the way; set it to an https URL, or set AUTH_JWKS_ALLOW_HTTP=true in a private network.`,
        );
      }
      return { mode, jwksUrl, issuer, audience, algorithms: values.AUTH_ALGORITHMS ?? ['EdDSA', 'ES256', 'RS256'] };
    }
    case 'shared-secret': {
      rejectAll(['BETTER_AUTH_URL', 'AUTH_JWKS_URL', 'AUTH_ALGORITHMS']);
      if (!secret) {
        reportMissing('BETTER_AUTH_SECRET', secretMissing('with AUTH_MODE=shared-secret'));
        return null;
      }
      return { mode, secret, issuer: expected(values.AUTH_ISSUER), audience: expected(values.AUTH_AUDIENCE) };
    }
  }
}

/** E-mail, social sign-in and two-factor authentication of the embedded issuer. */
function accountsConfig(values: VariableValues, errors: string[]): Omit<EmbeddedAuth, 'mode' | 'secret'> {
  const { APP_URL: appUrl, SMTP_URL: smtp, EMAIL_FROM: from } = values;
  /** Reports a variable that needs another one, unless that is set or was rejected. */
  const requireWith = (name: VariableName, other: VariableName, fix: string) => {
    if (values[name] === null && values[other] !== null && !isRejected(name, errors)) {
      errors.push(`${name}: required with ${other}; ${fix}.`);
    }
  };
  const sentFrom = 'set it to the address that sends e-mails, such as todo@example.com';
  requireWith('EMAIL_FROM', 'SMTP_URL', sentFrom);
  requireWith('SMTP_URL', 'EMAIL_FROM', 'set it to a URL such as smtps://user:password@smtp.example.com:465');
  const appPage = 'set it to the page of the application for links and redirects, such as https://app.example.com';
  requireWith('APP_URL', 'SMTP_URL', appPage);
  const providers: Partial<EmbeddedAuth['providers']> = {};
  for (const provider of socialProviders) {
    const prefix = provider.toUpperCase() as Uppercase<typeof provider>;
    const [id, secret] = [`${prefix}_CLIENT_ID`, `${prefix}_CLIENT_SECRET`] as const;
    const [clientId, clientSecret] = [values[id], values[secret]];
    requireWith(secret, id, 'copy it from the same OAuth client');
    requireWith(id, secret, 'copy it from the same OAuth client');
    requireWith('APP_URL', id, appPage);
    if (clientId !== null && clientSecret !== null)
      Object.assign(providers, { [provider]: { clientId, clientSecret } });
  }
  return { appUrl, email: smtp && from && { smtp, from }, providers, hasTwoFactor: required(values.TWO_FACTOR) };
}

/** Whether the variable is set to an invalid value, or reported as missing. */
function isRejected(name: VariableName, errors: readonly string[]): boolean {
  return errors.some((error) => error.startsWith(`${name}:`));
}

/** The value that a claim must have; null for any. */
function expected(text: string | null | undefined): string | null {
  return text === undefined || text === '*' ? null : text;
}

/** The JWKS URL of a Better Auth server. A path in its base URL replaces the default `/api/auth`. */
function betterAuthKeys({ origin, pathname }: URL): string {
  return `${origin}${pathname === '/' ? '/api/auth' : pathname}/jwks`;
}

function quotasConfig(values: VariableValues): Config['quotas'] {
  const quotas = limitedResources.map((resource) => [resource, required(values[quotaVariable(resource)])]);
  return Object.fromEntries(quotas);
}

function metricsConfig(values: VariableValues, errors: string[]): Config['metrics'] {
  if (!values.METRICS) return null;
  const port = required(values.ADMIN_PORT);
  if (port !== 0 && port === values.PORT)
    errors.push('ADMIN_PORT: metrics need their own port; set it to another value than PORT.');
  return { host: required(values.METRICS_HOST), port };
}

/** Whether the variables enable traces (OpenTelemetry specification, "Environment variable specification"). */
function isTracingEnabled(environment: Environment): boolean {
  if (environment.OTEL_SDK_DISABLED?.toLowerCase() === 'true' || environment.OTEL_TRACES_EXPORTER === 'none')
    return false;
  return Object.entries(environment).some(([name, text]) => name.startsWith('OTEL_') && text);
}

function secretMissing(where: string): string {
  return `required ${where}; set it to at least 32 bytes. ${secretAdvice}.`;
}

/** The value of a variable that has a default. */
function required<Value>(value: Value | null): Value {
  if (value === null) throw new Error('a variable with a default has no value');
  return value;
}

function deepFreeze<Value extends object>(value: Value): Value {
  for (const part of Object.values(value)) {
    if (typeof part === 'object' && part !== null) deepFreeze(part);
  }
  return Object.freeze(value);
}
