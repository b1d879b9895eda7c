/** Parsers of the variables for e-mail. Each throws an `Error` with the fix, which does not quote the value. */
import { isProtected } from './addresses.ts';

/** A server that sends messages (RFC 5321, RFC 6409). */
export interface SmtpServer {
  readonly host: string;
  readonly port: number;
  /** `implicit` from the first byte (RFC 8314, section 3.3), by a `required` STARTTLS, or `optional` without a check of the certificate. */
  readonly tls: 'implicit' | 'required' | 'optional';
  /** Null without a login. */
  readonly login: { readonly user: string; readonly password: string } | null;
}

/** A sender: the name is empty if there is none. */
export interface Sender {
  readonly name: string;
  readonly address: string;
}

const example = 'smtps://user:password@smtp.example.com:465';

export function smtpUrl(text: string): SmtpServer {
  const url = /^smtps?:\/\//i.test(text) && URL.canParse(text) ? new URL(text) : null;
  if (!url || url.hostname === '' || url.hash !== '' || !/^\/?$/.test(url.pathname)) {
    throw new Error(
      `set it to a URL such as ${example} or smtp://user:password@smtp.example.com:587, and write "/", "?", "#", "@" and "%" in the user or the password as %2F, %3F, %23, %40 and %25`,
    );
  }
  const isImplicit = url.protocol === 'smtps:';
  if (url.search !== '' && url.search !== '?tls=optional') {
    throw new Error('remove its parameters; the only one is ?tls=optional, for a server in a private network');
  }
  if (isImplicit && url.search !== '') throw new Error('remove ?tls=optional, because smtps:// always uses TLS');
  const login = { user: decoded(url.username), password: decoded(url.password) };
  if ((login.user === '') !== (login.password === '')) {
    throw new Error('it has a user or a password without the other; write both, or neither');
  }
  return {
    host: url.hostname.replaceAll(/^\[|\]$/g, ''),
    port: url.port === '' ? (isImplicit ? 465 : 587) : Number(url.port),
    tls: isImplicit ? 'implicit' : url.search !== '' || isThisMachine(url.hostname) ? 'optional' : 'required',
    login: login.user === '' ? null : login,
  };
}

/** What does not leave the machine needs no encryption. */
function isThisMachine(hostname: string): boolean {
  return isProtected(`http://${hostname}`);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Error('write "%" in the user or the password as %25');
  }
}

/** An address, or a name and an address in angle brackets. */
export function sender(text: string): Sender {
  const [, name = '', inBrackets, bare] = /^(?:([^<>"\\,;:@]*?)\s*<([^<>]*)>|([^<>]*))$/.exec(text) ?? [];
  const address = inBrackets ?? bare ?? '';
  if (!/^[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[a-z\d]([a-z\d.-]*[a-z\d])?$/i.test(address)) {
    throw new Error('set it to an address such as todo@example.com, or Todo <todo@example.com>');
  }
  return { name, address };
}
