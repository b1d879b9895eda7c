/** The validated and frozen configuration. `variables.ts` defines the variables that it comes from. */
import type { LimitedResource } from '../vocabulary.ts';
import type { Sender, SmtpServer } from './email.ts';

export interface Config {
  readonly server: ServerConfig;
  readonly database: DatabaseConfig;
  readonly auth: AuthConfig;
  readonly limits: LimitsConfig;
  /** Maximum number per user; 0 disables a quota. */
  readonly quotas: Readonly<Record<LimitedResource, number>>;
  readonly retention: RetentionConfig;
  readonly log: { readonly level: LogLevel };
  /** The metrics server; null if metrics are off. */
  readonly metrics: { readonly host: string; readonly port: number } | null;
  /** Whether the variables of OpenTelemetry enable traces. */
  readonly traces: boolean;
  /** Checks that the operator has disabled, and variables without effect, for the log. */
  readonly warnings: readonly string[];
}

export interface ServerConfig {
  readonly host: string;
  readonly port: number;
  /** The URL that clients use, without a trailing slash. */
  readonly publicUrl: string;
  /** The path of `publicUrl`, for example `/todo`, or empty. */
  readonly basePath: string;
  /** The URL of the MCP server, which is the audience of its tokens. */
  readonly mcpUrl: string;
  /** Exact origins whose pages may call the API from a browser. */
  readonly corsOrigins: readonly string[];
  readonly shutdownTimeoutMs: number;
}

/** Lifetimes in days. */
export interface RetentionConfig {
  /** Of tasks in the trash; 0 if deletions are permanent. */
  readonly trashDays: number;
  readonly historyDays: number;
}

/** 0 disables a limit. */
export interface LimitsConfig {
  /** Per user and minute. */
  readonly requests: number;
  readonly store: 'memory' | 'database';
  /** Per address and minute. */
  readonly authFailures: number;
  /** Per address and hour, of the embedded issuer. */
  readonly signUps: number;
  /** Addresses and CIDR blocks of proxies whose `X-Forwarded-For` is trusted. */
  readonly trustedProxies: readonly string[];
}

export type DatabaseConfig = (EmbeddedDatabase | PostgresDatabase) & {
  readonly poolMax: number;
  /** Timeout per statement, and maximum wait for a connection, in milliseconds each. */
  readonly timeoutMs: number;
  /** Whether connections use prepared statements. */
  readonly prepare: boolean;
  readonly migrateOnStart: boolean;
};

export interface EmbeddedDatabase {
  readonly kind: 'pglite';
  /** The data directory; null for a database in memory. */
  readonly directory: string | null;
}

export interface PostgresDatabase {
  readonly kind: 'postgres';
  readonly url: string;
  /** The URL for migrations: the same as `url` unless that is a pooler. */
  readonly directUrl: string;
}

export type AuthConfig = EmbeddedAuth | JwksAuth | SharedSecretAuth;

/** Better Auth in this server. */
export interface EmbeddedAuth {
  readonly mode: 'embedded';
  /** Null if the server generates a secret and stores it in the data directory. */
  readonly secret: string | null;
  /** The page of the application that links in e-mails and redirects lead to by default; null if nothing needs one. */
  readonly appUrl: string | null;
  /** Null if the server sends no e-mail. Otherwise `appUrl` is set. */
  readonly email: EmailConfig | null;
  /** The providers of social sign-in that are configured. With one of them, `appUrl` is set. */
  readonly providers: Readonly<Partial<Record<SocialProvider, OAuthClient>>>;
  /** Whether users can require a second factor for their sign-in. */
  readonly hasTwoFactor: boolean;
}

export interface EmailConfig {
  readonly smtp: SmtpServer;
  readonly from: Sender;
}

export const socialProviders = ['google', 'github'] as const;

export type SocialProvider = (typeof socialProviders)[number];

/** The client of this server at an OAuth provider (RFC 6749, section 2.3.1). */
export interface OAuthClient {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** Tokens of another issuer, verified with its published keys (RFC 7517). */
export interface JwksAuth {
  readonly mode: 'jwks';
  readonly jwksUrl: string;
  /** The required issuer; null if `AUTH_ISSUER` is `*`. */
  readonly issuer: string | null;
  /** The required audience; null if `AUTH_AUDIENCE` is `*`. */
  readonly audience: string | null;
  readonly algorithms: readonly SigningAlgorithm[];
}

/** Tokens signed with a secret that the issuer and this server share: HS256. */
export interface SharedSecretAuth {
  readonly mode: 'shared-secret';
  readonly secret: string;
  readonly issuer: string | null;
  readonly audience: string | null;
}

/** The supported asymmetric algorithms (RFC 7518, section 3.1, and RFC 8037). */
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
