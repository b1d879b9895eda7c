/** Typed calls of operations. Their types follow from the OpenAPI document. */
import type { Operations } from './generated/api.ts';
import { type PagedList, pagedList } from './pages.ts';
import type { JsonResponse, RequestOptions, SendRequest } from './request.ts';

export type OperationId = keyof Operations;
export type QueryOf<Id extends OperationId> = Operations[Id]['query'];
export type BodyOf<Id extends OperationId> = Operations[Id]['body'];
export type ResultOf<Id extends OperationId> = Operations[Id]['result'];

export interface CallOptions {
  readonly signal?: AbortSignal | null | undefined;
  /** `false` sends the request once. */
  readonly retry?: false | undefined;
  /** Additional request headers. */
  readonly headers?: Readonly<Record<string, string | undefined>> | undefined;
}

export interface WriteOptions extends CallOptions {
  /** Replaces the random `Idempotency-Key`. The same request with the same key is applied once within 24 hours. */
  readonly idempotencyKey?: string | undefined;
}

export interface ConditionalWriteOptions extends WriteOptions {
  /** Write only if the resource has this version. Otherwise the problem is `version_mismatch` (412). */
  readonly ifVersion?: number | undefined;
}

export interface ReadResponse<Result> {
  readonly data: Result;
  readonly status: number;
  readonly headers: Headers;
}

export interface WriteResponse<Result> extends ReadResponse<Result> {
  /** The id of all changes of the request, for `client.changeSets.undo`. */
  readonly changeSet: string;
}

/** A promise of the result. `withResponse()` returns the result with the status and the headers of the response. */
export interface Call<Result, Response> extends Promise<Result> {
  withResponse(): Promise<Response>;
}

export type Read<Id extends OperationId> = Call<ResultOf<Id>, ReadResponse<ResultOf<Id>>>;
export type Write<Id extends OperationId> = Call<ResultOf<Id>, WriteResponse<ResultOf<Id>>>;

/** A list with pages, if the result of the operation is an array. */
export type Paged<Id extends OperationId> = ResultOf<Id> extends (infer Item)[] ? PagedList<Item> : never;

interface WriteParts<Id extends OperationId> {
  readonly query?: QueryOf<Id>;
  readonly body?: BodyOf<Id>;
}

/** The functions that the methods of the client consist of. They check path, query and body against the operation. */
export interface Caller {
  read<Id extends OperationId>(path: Operations[Id]['path'], query?: QueryOf<Id>, options?: CallOptions): Read<Id>;
  list<Id extends OperationId>(path: Operations[Id]['path'], query?: QueryOf<Id>, options?: CallOptions): Paged<Id>;
  write<Id extends OperationId>(
    method: Operations[Id]['method'],
    path: Operations[Id]['path'],
    parts?: WriteParts<Id>,
    options?: ConditionalWriteOptions,
  ): Write<Id>;
  /** The parameter of operations that depend on the user's time zone. */
  inZone(timeZone?: string): { readonly time_zone?: string };
}

export function createCaller(send: SendRequest, defaultTimeZone: string | undefined): Caller {
  return {
    read: (path, query, options) => callOf(send({ method: 'GET', path, query, ...options } as RequestOptions)),
    list: <Id extends OperationId>(path: Operations[Id]['path'], query?: QueryOf<Id>, options?: CallOptions) =>
      pagedList(query, (each) => send({ method: 'GET', path, query: each, ...options }) as never) as Paged<Id>,
    write: (method, path, { query, body } = {}, { idempotencyKey, ifVersion, headers, ...options } = {}) =>
      callOf(
        send({
          method,
          path,
          query,
          body: body && JSON.stringify(body),
          headers: {
            ...(ifVersion !== undefined && { 'If-Match': `"${ifVersion}"` }),
            ...(idempotencyKey !== undefined && { 'Idempotency-Key': idempotencyKey }),
            ...headers,
          },
          ...options,
        } as RequestOptions),
      ),
    inZone: (timeZone = defaultTimeZone) => (timeZone === undefined ? {} : { time_zone: timeZone }),
  };
}

// biome-ignore lint/suspicious/noExplicitAny: the type of the call is that of the operation.
function callOf(sent: Promise<JsonResponse>): any {
  const data = sent.then(({ body }) => body);
  return Object.assign(data, {
    withResponse() {
      // Only the returned promise reports a failure.
      data.catch(() => {});
      return sent.then(({ status, headers, body }) => ({
        data: body,
        status,
        headers,
        changeSet: headers.get('Change-Set'),
      }));
    },
  });
}

/**
 * A segment of a path.
 *
 * @throws TypeError if the URL would lose the segment, and so mean another resource
 */
export function segment(value: string): string {
  if (/^\.{0,2}$/.test(value)) throw new TypeError(`An id or name in a path must not be ${JSON.stringify(value)}`);
  return encodeURIComponent(value);
}
