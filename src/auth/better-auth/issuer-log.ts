/** What Better Auth has to say, in the server's log. */

/** Better Auth's own log function: a level, a text, and values that may hold what must not be logged. */
export type IssuerLog = (
  level: 'info' | 'success' | 'warn' | 'error' | 'debug',
  message: string,
  ...details: unknown[]
) => void;
