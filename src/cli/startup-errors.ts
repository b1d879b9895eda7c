/** Messages for errors at startup: the cause and the fix. */
import { ImportFileError } from '../account/import/file.ts';
import { AccountError } from '../auth/better-auth/account-error.ts';
import { ConfigError } from '../config/load.ts';
import { maskText } from '../config/mask.ts';
import { errorCode, isMissingTls, isUnavailable } from '../database/errors.ts';
import { DirectoryInUseError, DirectoryLostError } from '../database/pglite/directory-lock.ts';
import { EngineLostError } from '../database/pglite/engine.ts';
import { DataDirectoryError } from '../database/pglite/private-directory.ts';
import { DatabaseSetupError } from '../database/schema/requirements.ts';
import { isCertificateError } from '../runtime/certificate-error.ts';
import { ListenError } from '../server/server.ts';

export function explainStartupError(error: unknown): string {
  // It names variables and quotes no value.
  if (error instanceof ConfigError) {
    return `the configuration cannot be used:\n${error.message.replaceAll(/^/gm, '  ')}`;
  }
  return maskText(explain(error));
}

function explain(error: unknown): string {
  const explained = [
    AccountError,
    DatabaseSetupError,
    DataDirectoryError,
    DirectoryInUseError,
    DirectoryLostError,
    EngineLostError,
    ImportFileError,
  ];
  if (explained.some((kind) => error instanceof kind)) return (error as Error).message;
  if (error instanceof ListenError) return explainListenError(error);
  const { message = '', path } = Object(error) as Partial<NodeJS.ErrnoException>;
  const code = errorCode(error);
  if (isCertificateError(error)) return explainCertificateError(message, code);
  if (isMissingTls(error)) {
    return 'the database server does not offer TLS. Enable TLS on the database server ("ssl = on"), or set sslmode=disable in DATABASE_URL if the network is trusted.';
  }
  switch (code) {
    case '28P01':
    case '28000':
      return `the database rejected the login (${message}). ${loginFix(message)}`;
    case '3D000':
      return `${message}. Create the database, or name another one in DATABASE_URL.`;
    case 'ERR_PARSE_ARGS_UNKNOWN_OPTION':
    case 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE':
      return `${message.split('.')[0]}. "todo-api --help" lists the options.`;
    default:
      // The data directory is the only configured path that the server opens.
      if (path !== undefined) return `${message}. Set DATABASE_URL to a directory that this user may write to.`;
      if (message.startsWith('PGlite failed to initialize')) {
        return 'the data directory cannot be opened: it is damaged, or another version created it. Restore a backup, or set DATABASE_URL to another directory.';
      }
      if (isUnavailable(error)) return `the database cannot be reached (${message || code}). Check DATABASE_URL.`;
      if (isDatabaseError(error)) {
        return `PostgreSQL refused to let the server start (${message}, SQLSTATE ${code}). Fix the cause that the message names, and start again.`;
      }
      return (error as Error | null)?.stack ?? String(error);
  }
}

/** PostgreSQL has one code for every login that `pg_hba.conf` rejects, so the message decides. */
function loginFix(message: string): string {
  if (message.includes('no encryption')) return 'Set sslmode=verify-full in DATABASE_URL.';
  if (message.includes('client certificate')) return 'Set sslcert and sslkey in DATABASE_URL.';
  return 'Check user and password in DATABASE_URL.';
}

function explainCertificateError(message: string, code: string | undefined): string {
  const why = `the certificate of the database server cannot be trusted (${message.replaceAll(/\s+/g, ' ')}, ${code})`;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return `${why}. Set the host in DATABASE_URL to a name in the certificate, or set sslmode=verify-ca with sslrootcert.`;
  }
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    return `${why}. Renew the certificate, or set the clock of this machine.`;
  }
  return `${why}. Set sslrootcert in DATABASE_URL to a file with the certificate of its authority.`;
}

/** Whether PostgreSQL itself sent the error. */
function isDatabaseError(error: unknown): boolean {
  return typeof (error as { severity?: unknown }).severity === 'string';
}

/** Whether the command line is not valid. */
export function isUsageError(error: unknown): boolean {
  return errorCode(error)?.startsWith('ERR_PARSE_ARGS') ?? false;
}

function explainListenError({ host, port, variable, cause }: ListenError): string {
  switch (errorCode(cause)) {
    case 'EADDRINUSE':
      return `port ${port} on ${host} is in use. Stop the program that uses it, or set ${variable} to another port.`;
    case 'EACCES':
      return `this user may not listen on port ${port}. Set ${variable} to a port above 1023.`;
    default:
      return `this machine has no address ${host}. Set ${variable === 'PORT' ? 'HOST' : 'METRICS_HOST'} to an address of this machine, for example 127.0.0.1.`;
  }
}
