/** TLS options for PostgreSQL from libpq's parameters in the URL (manual, "SSL Support" in the chapter on libpq). */
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { type ConnectionOptions, createSecureContext, type SecureContextOptions } from 'node:tls';
import { type AddressVariable, DatabaseSetupError } from '../schema/requirements.ts';

export interface ConnectionTarget {
  readonly connectionString: string;
  /** Absent if the URL has no TLS parameters. */
  readonly ssl?: ConnectionOptions | false;
}

const modes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify'];

const parameters = ['sslmode', 'sslrootcert', 'sslcert', 'sslkey'] as const;

/**
 * Reads the TLS parameters and removes them from the URL.
 *
 * Every mode except `disable` uses TLS. Every mode except `no-verify` verifies the certificate. `allow`, `prefer` and
 * `require` mean `verify-full`, so that an attacker cannot switch the protection off. `verify-ca` with `sslrootcert` does
 * not compare the host name, as in libpq. The parameters are removed because pg prints a warning about these modes.
 *
 * @throws DatabaseSetupError for an unknown mode, or a file that cannot be read
 */
export function connectionTarget(connectionString: string, variable: AddressVariable): ConnectionTarget {
  const url = new URL(connectionString);
  const given = (name: (typeof parameters)[number]) => url.searchParams.get(name) || undefined;
  const [mode, root, certificate, key] = parameters.map(given);
  // If this parameter is set, pg itself follows libpq.
  if (url.searchParams.has('uselibpqcompat') || parameters.every((name) => given(name) === undefined)) {
    return { connectionString };
  }
  if (mode !== undefined && !modes.includes(mode)) {
    throw new DatabaseSetupError(`${variable}: sslmode must be one of ${modes.join(', ')}.`);
  }
  if ((certificate === undefined) !== (key === undefined)) {
    throw new DatabaseSetupError(`${variable}: set both sslcert and sslkey, or neither of them.`);
  }
  for (const name of parameters) url.searchParams.delete(name);
  if (mode === 'disable') return { connectionString: url.href, ssl: false };

  const read = (name: string, file: string | undefined) => file && readFile(file, `${variable}: ${name}`);
  const host = url.searchParams.get('host') ?? url.hostname.replace(/^\[(.+)\]$/, '$1');
  // In libpq, `system` means the root certificates that the system trusts.
  const ca = root === 'system' ? undefined : read('sslrootcert', root);
  const files = {
    ...(ca !== undefined && { ca }),
    ...(certificate && { cert: read('sslcert', certificate), key: read('sslkey', key) }),
  };
  requireReadable(files, variable);
  return {
    connectionString: url.href,
    ssl: {
      ...files,
      // pg sets no server name for an IP address. Node would then verify the certificate against "localhost".
      ...(isIP(host) !== 0 && { host }),
      ...(mode === 'no-verify' && { rejectUnauthorized: false }),
      ...(mode === 'verify-ca' && ca && { checkServerIdentity: () => undefined }),
    },
  };
}

/**
 * Checks the files at start-up. Node reports an error at the first connection only, and ignores a CA file without
 * certificates.
 */
function requireReadable(files: SecureContextOptions, variable: AddressVariable): void {
  try {
    if (files.ca !== undefined && !/-BEGIN [\w ]*CERTIFICATE-/.test(String(files.ca)))
      throw new Error('no certificate in sslrootcert');
    createSecureContext(files);
  } catch (error) {
    throw new DatabaseSetupError(
      `${variable}: the files in sslrootcert, sslcert and sslkey cannot be used (${(error as Error).message}). Use PEM files, and a key without a passphrase that belongs to its certificate.`,
    );
  }
}

function readFile(file: string, name: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new DatabaseSetupError(
      `${name}: the file ${file} cannot be read (${code}). Set it to a file that the user of this process may read.`,
    );
  }
}
