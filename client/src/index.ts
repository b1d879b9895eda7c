/** The public interface of the client. */
export { type ClientOptions, createTodoClient, type TodoClient } from './client.ts';
export type { GetToken, Query } from './connection.ts';
export type { EventOptions } from './events.ts';
export type { ExportedChange, ExportLine } from './export.ts';
export type * from './generated/api.ts';
export type {
  Call,
  CallOptions,
  ConditionalWriteOptions,
  ReadResponse,
  WriteOptions,
  WriteResponse,
} from './operations.ts';
export type { Page, PagedList } from './pages.ts';
export { TodoProblem, type TodoProblemCode } from './problem.ts';
export type { JsonResponse, RequestOptions, SendRequest } from './request.ts';
export type { InTimeZone } from './tasks.ts';
export { cachedToken } from './tokens.ts';
