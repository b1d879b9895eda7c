/** Exchange of one HTTP request and its response, with the bearer token of the user. */
import { onAbort } from './deadline.ts';
import { TokenFailure } from './retry.ts';

/**
 * Returns the token to send, or null to send none.
 *
 * @param options.refresh whether the server has rejected the last token, so a cached one is of no use
 */
export type GetToken = (options: { readonly refresh: boolean }) => string | null | Promise<string | null>;

/** Parameters of a query. An array repeats the parameter. Null and undefined are left out. */
export type Query = Readonly<Record<string, QueryValue | readonly QueryValue[]>>;
type QueryValue = string | number | boolean | null | undefined;

export interface RequestParts {
  readonly method: string;
  /** The path with a leading slash, for example `/api/v1/tasks`. */
  readonly path: string;
  readonly query?: Query | undefined;
  /** The exact bytes of the body, as text. */
  readonly body?: string | undefined;
  readonly headers?: Readonly<Record<string, string | undefined>> | undefined;
}

/** @param refresh whether the last token must not be used */
export type Exchange = (parts: RequestParts, signal: AbortSignal | undefined, refresh?: boolean) => Promise<Response>;

export interface ConnectionOptions {
  /** The URL of the server, with the path of its `PUBLIC_URL` if it has one. */
  readonly url: string;
  readonly getToken?: GetToken | undefined;
  /** A replacement of the global `fetch`. */
  readonly fetch?: typeof fetch | undefined;
}

/** The returned function resolves with any response, and rejects with the error of `fetch` or a `TokenFailure`. */
export function createExchange({ url, getToken, fetch: send }: ConnectionOptions): Exchange {
  const base = url.replace(/\/+$/, '');
  const exchange: Exchange = async (parts, signal, refresh = false) => {
    const { method, path, query, body, headers } = parts;
    const token = await tokenFrom(getToken, refresh, signal);
    const response = await (send ?? fetch)(`${base}${path}${search(query)}`, {
      method,
      headers: withValues({
        Authorization: token && `Bearer ${token}`,
        'Content-Type': body && 'application/json',
        ...headers,
      }),
      body,
      signal,
    } as RequestInit);
    if (response.status !== 401 || refresh || !getToken) return response;
    await response.text();
    return exchange(parts, signal, true);
  };
  return exchange;
}

/**
 * @throws TokenFailure
 * @throws the reason of the signal as soon as it aborts, because `getToken` may never return
 */
function tokenFrom(
  getToken: GetToken | undefined,
  refresh: boolean,
  signal: AbortSignal | undefined,
): Promise<string | null | undefined> {
  return new Promise((resolve, reject) => {
    onAbort(signal, () => reject(signal?.reason));
    const token = (async () => getToken?.({ refresh }))();
    token.then(resolve, (error) => reject(new TokenFailure(error)));
  });
}

function search(query: Query = {}): string {
  const pairs = Object.entries(query).flatMap(([name, values]) =>
    [values]
      .flat()
      .filter((value) => value !== undefined && value !== null)
      .map((value) => `${name}=${encodeURIComponent(value as string)}`),
  );
  return pairs[0] ? `?${pairs.join('&')}` : '';
}

/** Only the headers that have a value. */
function withValues(headers: Readonly<Record<string, string | null | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([, value]) => value)) as Record<string, string>;
}
