/** Masking of credentials in values of variables and in texts for people: the log, start-up errors, crashes. */

export const mask = '********';

/** URL parameters that are not credentials: those of libpq and pg, of SMTP_URL, and those that select keys of Entra ID. */
const shownParameters =
  /^(?:sslmode|sslrootcert|sslcert|sslnegotiation|channel_binding|application_name|fallback_application_name|connect_timeout|statement_timeout|options|host|hostaddr|port|dbname|user|target_session_attrs|keepalives\w*|appid|client_id|tls)$/;

/**
 * Masks the credentials of a URL: everything before the last `@`, and the parameters that are not known to be harmless.
 * A password may contain any character, so the positions of `/`, `?`, `#` and `:` before that `@` have no meaning.
 */
export function maskUrl(text: string): string {
  const [, start = '', rest = text] = /^([a-z][a-z\d+.-]*:\/\/)(.*)$/isu.exec(text) ?? [];
  const at = rest.lastIndexOf('@');
  // If this `@` belongs to the value of a parameter, the password may continue after it.
  if (rest.slice(0, Math.max(at, 0)).includes('=')) return `${start}${mask}`;
  const shown = rest.slice(at + 1);
  const [, address = '', query = '', fragment = ''] = /^([^?#]*)(\?[^#]*)?(#.*)?$/su.exec(shown) ?? [];
  return [start, at < 0 ? '' : `${mask}@`, address, maskQuery(query), fragment && `#${mask}`].join('');
}

function maskQuery(query: string): string {
  if (query === '') return '';
  const parts = query
    .slice(1)
    .split('&')
    .map((part) => {
      const [name = '', ...value] = part.split('=');
      if (shownParameters.test(name)) return part;
      // A password with "&" continues in what looks like the next parameter.
      return value.length > 0 && isSecretName(name) ? `${name}=${mask}` : mask;
    });
  return `?${parts.join('&')}`;
}

function isSecretName(name: string): boolean {
  return /^\w*(?:pass|secret|token|key|pwd|credential|auth|sig)\w*$/i.test(name);
}

/** Masks the credentials in a text, for example in the message of an error. The bounds keep its cost linear. */
export function maskText(text: string): string {
  return text
    .replaceAll(/([a-z][a-z\d+.-]{0,20}:\/\/)([^\s"'<>]*)/giu, (url, scheme: string, rest: string) => {
      const at = rest.lastIndexOf('@');
      return at < 0 ? url : `${scheme}${mask}${rest.slice(at)}`;
    })
    .replaceAll(
      /(\w{0,40}(?:pass(?:word|wd|phrase)?|pwd|secret|token|key|credentials?)\w{0,40})(["']?\s*=\s*|["']\s*:\s*|%3d)(?:"[^"]*"|'[^']*'|[^\s&"',;)]+)/giu,
      `$1$2${mask}`,
    )
    .replaceAll(/\b(bearer|basic) +[\w.~+/=-]{8,}/giu, `$1 ${mask}`);
}
