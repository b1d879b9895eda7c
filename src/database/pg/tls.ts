/** TLS to PostgreSQL, as libpq's parameters in the URL ask for it (manual, "SSL Support" in the chapter on libpq). */
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { type ConnectionOptions, createSecureContext, type SecureContextOptions } from 'node:tls';
import { type AddressVariable, DatabaseSetupError } from '../schema/requirements.ts';

export interface ConnectionTarget {
  readonly connectionString: string;
  /** Absent where the URL does not ask for TLS. */
  readonly ssl?: ConnectionOptions | false;
}

const modes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify'];

const parameters = ['sslmode', 'sslrootcert', 'sslcert', 'sslkey'] as const;

/**
 * Reads the parameters of TLS, and takes them out of the URL.
 *
 * TLS is on with every mode but `disable`, and the certificate is verified with every mode but `no-verify`: `allow`,
 * `prefer` and `require` are taken for `verify-full`, so that no attacker can switch the protection off. `verify-ca`
 * with `sslrootcert` does not compare the host name, as in libpq. pg itself would print a warning about these modes.
 *
 * @throws DatabaseSetupError for a mode that does not exist, or a file that cannot be read
 */
export function connectionTarget(connectionString: string, variable: AddressVariable): ConnectionTarget {
  const url = new URL(connectionString);
  const given = (name: (typeof parameters)[number]) => url.searchParams.get(name) || undefined;
  const [mode, root, certificate, key] = parameters.map(given);
  // With this parameter, pg itself does all as libpq does.
  if (url.searchParams.has('uselibpqcompat') || parameters.every((name) => given(name) === undefined)) {
    return { connectionString };
  }
  if (mode !== undefined && !modes.includes(mode)) {
    throw new DatabaseSetupError(`${variable}: set sslmode to one of ${modes.join(', ')}.`);
  }
  if ((certificate === undefined) !== (key === undefined)) {
    throw new DatabaseSetupError(`${variable}: sslcert and sslkey go together; set both, or none.`);
  }
  for (const name of parameters) url.searchParams.delete(name);
  if (mode === 'disable') return { connectionString: url.href, ssl: false };

  const read = (name: string, file: string | undefined) => file && readFile(file, `${variable}: ${name}`);
  const host = url.searchParams.get('host') ?? url.hostname.replace(/^\[(.+)\]$/, '$1');
  // libpq's word for the roots that the system trusts.
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
      // pg names the server only where it has a name; an address would be compared as "localhost".
      ...(isIP(host) !== 0 && { host }),
      ...(mode === 'no-verify' && { rejectUnauthorized: false }),
      ...(mode === 'verify-ca' && ca && { checkServerIdentity: () => undefined }),
    },
  };
}

/** Node would say so at the first connection, and would take an empty file of authorities for none given. */
function requireReadable(files: SecureContextOptions, variable: AddressVariable): void {
  try {
    if (files.ca !== undefined && !/-BEGIN [\w ]*CERTIFICATE-/.test(String(files.ca)))
      throw new Error('no certificate');
    createSecureContext(files);
  } catch (error) {
    throw new DatabaseSetupError(
      `${variable}: the files in sslrootcert, sslcert and sslkey cannot be used (${(error as Error).message}). They must be PEM, with a key that belongs to its certificate and has no passphrase.`,
    );
  }
}

function readFile(file: string, name: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new DatabaseSetupError(
      `${name}: the file ${file} cannot be read (${code}). Name one that this user may read.`,
    );
  }
}
