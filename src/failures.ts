/** Why the server cannot start, in words that say what to do. */
import { ConfigError } from './config/load.ts';
import { DirectoryInUseError } from './database/directory-lock.ts';
import { errorCode, isUnavailable } from './database/errors.ts';
import { DatabaseSetupError } from './database/migrate.ts';

export function explainFailure(error: unknown): string {
  if (error instanceof ConfigError) {
    return `the configuration cannot be used:\n${error.message.replaceAll(/^/gm, '  ')}`;
  }
  if (error instanceof DatabaseSetupError || error instanceof DirectoryInUseError) return error.message;
  const { message, port, address } = error as Error & { port?: number; address?: string };
  const code = errorCode(error);
  switch (code) {
    case 'EADDRINUSE':
      return `port ${port} on ${address} is in use. Stop what listens there, or set PORT to another one.`;
    case 'EADDRNOTAVAIL':
      return `this machine has no address ${address}. Set HOST to one that it has, 127.0.0.1 for example.`;
    case 'EACCES':
      if (port !== undefined) return `port ${port} may not be used by this user. Set PORT to one above 1023.`;
      return `${message}. Set DATABASE_URL to a directory that this user may write to.`;
    case '28P01':
    case '28000':
      return `the database refused the login (${message}). Check user and password in DATABASE_URL.`;
    case '3D000':
      return `${message}. Create the database, or name another one in DATABASE_URL.`;
    case 'ERR_PARSE_ARGS_UNKNOWN_OPTION':
      return `${message.split('.')[0]}. "todo-api --help" lists the options.`;
    default:
      if (isUnavailable(error)) return `the database cannot be reached (${message || code}). Check DATABASE_URL.`;
      return (error as Error).stack ?? String(error);
  }
}
