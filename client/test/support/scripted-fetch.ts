/** A `fetch` with prepared outcomes, which records the requests. Its times are those of vitest's fake timers. */

export interface SentRequest {
  /** Milliseconds since the first request. */
  readonly at: number;
  readonly url: string;
  readonly method: string;
  readonly headers: Headers;
  readonly body: unknown;
}

/** A response, a network failure, or a connection without an answer. */
export type Outcome = Response | ((signal: AbortSignal) => Response) | Error | 'silence';

export function scriptedFetch(...outcomes: readonly Outcome[]) {
  const requests: SentRequest[] = [];
  const left = [...outcomes];
  let start: number | undefined;
  const send: typeof fetch = async (url, { method = 'GET', headers, body, signal } = {}) => {
    start ??= Date.now();
    requests.push({ at: Date.now() - start, url: String(url), method, headers: new Headers(headers), body });
    const outcome = left.shift();
    if (outcome === undefined) throw new Error(`the script has no outcome for request ${requests.length}`);
    if (outcome === 'silence') {
      return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
    }
    if (outcome instanceof Error) throw outcome;
    return typeof outcome === 'function' ? outcome(signal as AbortSignal) : outcome;
  };
  return { fetch: send, requests };
}

export function json(body: unknown, { status = 200, headers = {} }: ResponseInit = {}): Response {
  const type = { 'Content-Type': 'application/json' };
  return new Response(JSON.stringify(body), { status, headers: { ...type, ...headers } });
}

export function problem(status: number, code: string, headers: Record<string, string> = {}): Response {
  const document = {
    type: `/problems/${code}`,
    title: code,
    status,
    detail: `This is ${code}.`,
    code,
    request_id: 'r1',
  };
  return new Response(JSON.stringify(document), {
    status,
    headers: { 'Content-Type': 'application/problem+json', ...headers },
  });
}

export function offline(): Error {
  return new TypeError('fetch failed');
}
