/** Options of the embedded issuer. */
import type { EmbeddedAuth } from '../../config/config.ts';
import type { QueryClient } from '../../database/driver.ts';
import type { Message } from '../../mail/smtp.ts';

/** Better Auth's log function. The details can contain secrets and must not be logged. */
export type IssuerLog = (
  level: 'info' | 'success' | 'warn' | 'error' | 'debug',
  message: string,
  ...details: unknown[]
) => void;

export interface IssuerOptions {
  /** The URL of the server: issuer and audience of its tokens. */
  readonly publicUrl: string;
  readonly secret: string;
  /** Origins whose pages may sign in, in addition to the server's own origin. */
  readonly trustedOrigins: readonly string[];
  /** Statement timeout in milliseconds. */
  readonly timeoutMs: number;
  readonly log: IssuerLog;
  /** Erases what the server stores about a user whose account is deleted, or the API tokens after a reset of the password. */
  readonly erasure: AccountErasure;
  readonly accounts: AccountOptions;
}

/** What is off unless it is configured. */
export interface AccountOptions extends Pick<EmbeddedAuth, 'appUrl' | 'providers' | 'hasTwoFactor'> {
  /** Queues a message without waiting; null if the server sends no e-mail. */
  readonly sendMail: ((message: Message) => void) | null;
}

export interface AccountErasure {
  /**
   * Erases the data in the transaction that deletes the account.
   *
   * @returns the ids of the erased API tokens
   */
  erase(client: QueryClient, userId: string): Promise<string[]>;
  /**
   * Erases the API tokens in the transaction that resets the password.
   *
   * @returns their ids
   */
  eraseTokens(client: QueryClient, userId: string): Promise<string[]>;
  /** Called after the commit. */
  onErased(userId: string, tokens: readonly string[]): void;
}
