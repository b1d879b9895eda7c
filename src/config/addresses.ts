/** Parsers of variables with URLs, origins and network addresses. Each throws an `Error` with the fix. */
import { addressesIn } from '../runtime/ip-address.ts';

/** An http or https URL without trailing slashes. */
export function httpUrl(text: string): string {
  parseHttpUrl(text, 'credentials, query or fragment', ({ search }) => search === '');
  return text.replace(/\/+$/, '');
}

/** The path of PUBLIC_URL, without a slash at its end; empty if it has none. */
export function basePathOf(publicUrl: string): string {
  return new URL(publicUrl).pathname.replace(/^\/$/, '');
}

/** The base URL of a Better Auth server, without trailing slashes. */
export function betterAuthUrl(text: string): string {
  const url = httpUrl(text);
  if (/\/(jwks|\.well-known\/.*)$/.test(url)) {
    throw new Error('set it to the baseURL of the Better Auth server, and AUTH_JWKS_URL to the URL of its keys');
  }
  return url;
}

/** The directory of an embedded database. Addresses of other storage are errors. They could also name a directory. */
export function dataDirectory(text: string): string {
  if (/^[a-z]{2,}:|^\/\/|^memory$/i.test(text)) {
    throw new Error('set it to pglite:DIR with a path such as ./.data or /var/lib/todo, or to pglite:memory');
  }
  if (/^[~$]/.test(text)) throw new Error('only a shell expands "~" and "$"; write the whole path');
  return text;
}

/** The URL of a JWK Set, unchanged, because a trailing slash and a query are significant. */
export function jwksUrl(text: string): string {
  const { pathname } = parseHttpUrl(text, 'credentials or fragment');
  if (pathname.endsWith('/.well-known/openid-configuration')) {
    throw new Error('this is an OpenID discovery document; set it to the value of jwks_uri in that document');
  }
  return text;
}

/** Whether the keys at a URL arrive unaltered: by TLS, or without leaving this machine (RFC 6761, section 6.3). */
export function isProtected(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || /^(?:localhost|.+\.localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname);
}

/** The URL of the server, normalized: origin and path without a trailing slash. */
export function publicUrl(text: string): string {
  const { origin, pathname } = parseHttpUrl(httpUrl(text), 'credentials, query or fragment');
  const path = pathname.replace(/\/$/, '');
  // Such a path needs no escaping in a route, a URL, a cookie attribute or a header.
  if (!/^(\/[\w.~-]+)*$/.test(path))
    throw new Error('its path may contain only letters, digits, "-", ".", "_" and "~"');
  return `${origin}${path}`;
}

function parseHttpUrl(text: string, without: string, isAllowed: (url: URL) => boolean = () => true): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password || url.hash || !isAllowed(url)) {
    throw new Error(`set it to an http:// or https:// URL without ${without}`);
  }
  return url;
}

/** An origin of a native application such as `capacitor://localhost`, in lower case as WebViews send it. */
const nativeOrigin = /^[a-z][a-z0-9+.-]*:\/\/[a-z0-9._~-]+(:\d{1,5})?$/;

/** An origin in the form that browsers and WebViews send (RFC 6454, section 6.1). */
export function origin(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (text === 'null' || url?.protocol === 'file:') {
    throw new Error(
      `"${text === 'null' ? text : 'file:'}" is the origin of any local file or sandboxed frame; serve the page from a host`,
    );
  }
  // `URL.origin` is "null" for every scheme that is not a web scheme.
  if (!url || text.includes('*') || (url.origin !== text && !(url.origin === 'null' && nativeOrigin.test(text)))) {
    throw new Error(
      'list exact origins such as https://app.example.com or capacitor://localhost: scheme, host and port, no path, no "*"',
    );
  }
  return text;
}

/** Addresses, CIDR blocks and names of private ranges; see `addressesIn`. */
export function proxies(text: string): string[] {
  const blocks = commaSeparated(text);
  addressesIn(blocks);
  return blocks;
}

/** The parts between commas, trimmed, without empty ones. */
export function commaSeparated(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
