/** Requests with JSON responses: problems become exceptions, and failures that are transient are retried. */
import type { Exchange, RequestParts } from './connection.ts';
import { startDeadline } from './deadline.ts';
import type { Problem } from './generated/api.ts';
import { TodoProblem } from './problem.ts';
import { delayBefore, isTransient, originalOf, retryAfterOf, sleep } from './retry.ts';

/** Seconds. With a greater `Retry-After`, requests reject instead of waiting. */
const maxRetryAfter = 60;

export interface RequestOptions extends RequestParts {
  readonly signal?: AbortSignal | null | undefined;
  /** `false` sends the request once. */
  readonly retry?: false | undefined;
}

export interface JsonResponse<Body = unknown> {
  readonly status: number;
  readonly headers: Headers;
  /** The parsed JSON; undefined for an empty body. */
  readonly body: Body;
}

/**
 * @throws TodoProblem for an error response
 * @throws the error of `fetch` after a network failure, the error of `getToken`, or the reason of the signal
 */
export type SendRequest = (options: RequestOptions) => Promise<JsonResponse>;

export interface RetryPolicy {
  /** Milliseconds until an attempt without a complete response counts as a network failure. */
  readonly timeoutMs: number;
  /** Maximum number of attempts after the first one. */
  readonly retries: number;
}

export function createRequest(exchange: Exchange, { timeoutMs, retries }: RetryPolicy): SendRequest {
  return async ({ signal, retry, ...parts }) => {
    const isRead = /^(GET|HEAD)$/.test(parts.method);
    // Each attempt has the same key, so the server applies the write once.
    const headers = { ...(!isRead && { 'Idempotency-Key': randomKey() }), ...parts.headers };
    const attempts = retry === false || (!isRead && !headers['Idempotency-Key']) ? 0 : retries;
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await sendOnce(exchange, { ...parts, headers }, timeoutMs, signal);
      } catch (error) {
        if (signal?.aborted) throw signal.reason;
        const isLast = attempt >= attempts || !isTransient(error) || retryAfterOf(error) > maxRetryAfter;
        if (isLast) throw originalOf(error);
        await sleep(delayBefore(attempt, error), signal);
      }
    }
  };
}

async function sendOnce(
  exchange: Exchange,
  parts: RequestParts,
  timeoutMs: number,
  signal: AbortSignal | null | undefined,
): Promise<JsonResponse> {
  const deadline = startDeadline(timeoutMs, signal);
  try {
    const response = await exchange(parts, deadline.signal);
    const { status, headers } = response;
    const text = await response.text();
    if (!response.ok && status !== 304) throw problemOf(response, text);
    if (text && !isJson(response)) throw new TodoProblem(status, headers);
    return { status, headers, body: text ? JSON.parse(text) : undefined };
  } finally {
    deadline.end();
  }
}

/** The problem of an error response. Proxies send pages of their own. */
export function problemOf(response: Response, text: string): TodoProblem {
  return new TodoProblem(response.status, response.headers, isJson(response) ? problemIn(text) : undefined);
}

function problemIn(text: string): Problem | undefined {
  try {
    const document = JSON.parse(text);
    return typeof document?.code === 'string' ? document : undefined;
  } catch {
    return undefined;
  }
}

function isJson({ headers }: Response): boolean {
  return /[/+]json\b/.test(headers.get('Content-Type') ?? '');
}

/**
 * `crypto.randomUUID` does not exist in React Native and on pages without HTTPS. A key is no secret: it must only differ
 * from the user's other keys of a day, and the server rejects a key with another request.
 */
function randomKey(): string {
  return globalThis.crypto?.randomUUID?.() ?? `${Math.random()}-${Math.random()}`;
}
