/** What the server is told from outside, checked and frozen. The variables behind it are in `variables.ts`. */

export interface Config {
  readonly server: ServerConfig;
  readonly database: DatabaseConfig;
  readonly auth: AuthConfig;
  readonly limits: LimitsConfig;
  readonly log: { readonly level: LogLevel };
  /** Where metrics are served; null where they are off. */
  readonly metrics: { readonly port: number } | null;
  /** Whether OpenTelemetry's own variables ask for traces. */
  readonly traces: boolean;
}

export interface ServerConfig {
  readonly host: string;
  readonly port: number;
  /** The server's own address as clients see it, without a trailing slash. */
  readonly publicUrl: string;
  /** The path of `publicUrl`, below which a proxy serves the server: `/todo`, or empty. */
  readonly basePath: string;
  /** Exact origins that browsers may call from. */
  readonly corsOrigins: readonly string[];
  readonly shutdownTimeoutMs: number;
}

/** Quotas a minute; 0 is no limit. */
export interface LimitsConfig {
  readonly requests: number;
  readonly store: 'memory' | 'database';
  readonly authFailures: number;
  /** Addresses and CIDR blocks whose `X-Forwarded-For` counts. */
  readonly trustedProxies: readonly string[];
}

export type DatabaseConfig = (EmbeddedDatabase | PostgresDatabase) & {
  readonly poolMax: number;
  /** For getting an answer to one statement, waiting for a connection included. */
  readonly timeoutMs: number;
  /** Whether statements are kept prepared on a connection. */
  readonly prepare: boolean;
  readonly migrateOnStart: boolean;
};

export interface EmbeddedDatabase {
  readonly kind: 'pglite';
  /** Where the data lies; null keeps it in memory only. */
  readonly directory: string | null;
}

export interface PostgresDatabase {
  readonly kind: 'postgres';
  readonly url: string;
  /** Where migrations go: the same as `url` unless that leads through a pooler. */
  readonly directUrl: string;
}

export type AuthConfig = EmbeddedAuth | JwksAuth | SharedSecretAuth;

/** Better Auth inside this server. */
export interface EmbeddedAuth {
  readonly mode: 'embedded';
  /** Null where the server makes one and keeps it with the data. */
  readonly secret: string | null;
}

/** Tokens of an issuer elsewhere, verified with the keys it publishes (RFC 7517). */
export interface JwksAuth {
  readonly mode: 'jwks';
  readonly jwksUrl: string;
  /** Compared where set. */
  readonly issuer: string | null;
  readonly audience: string | null;
  readonly algorithms: readonly SigningAlgorithm[];
}

/** Tokens signed with a secret that the issuer shares with this server: HS256. */
export interface SharedSecretAuth {
  readonly mode: 'shared-secret';
  readonly secret: string;
  readonly issuer: string | null;
  readonly audience: string | null;
}

/** The asymmetric algorithms that can be configured (RFC 7518, section 3.1, and RFC 8037). */
export const signingAlgorithms = [
  'EdDSA',
  'ES256',
  'ES384',
  'ES512',
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
] as const;

export type SigningAlgorithm = (typeof signingAlgorithms)[number];

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

export type LogLevel = (typeof logLevels)[number];
