/** What Better Auth has to say, in the server's log. */

/**
 * Better Auth's own log function: a level, a text, and values that may hold what must not be logged. In places it gives
 * an error instead of a text, whatever its types say.
 */
export type IssuerLog = (
  level: 'info' | 'success' | 'warn' | 'error' | 'debug',
  message: unknown,
  ...details: unknown[]
) => void;
