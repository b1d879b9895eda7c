/** The state of synchronization, for the user interface. */
import { TodoProblem } from '../problem.ts';
import type { Operation } from './operation.ts';

/** `online`: the last request succeeded. */
export type ConnectionState = 'connecting' | 'online' | 'offline';

export interface StoreStatus {
  readonly connection: ConnectionState;
  /** Why the last request failed, in words for people; null while online. */
  readonly failure: string | null;
  /** The code of that failure, if it was a problem of the API, for example `token_expired`. */
  readonly failureCode: string | null;
  /** Operations that the server has not yet confirmed. */
  readonly pending: number;
  /** Operations that the server has refused. They stay until they are dismissed or retried. */
  readonly rejected: readonly Operation[];
}

/** The part of the status that the leader sends to the other tabs. */
export type Connection = Pick<StoreStatus, 'connection' | 'failure' | 'failureCode'>;

export const connecting: Connection = { connection: 'connecting', failure: null, failureCode: null };

/** @param error the last failure, or undefined if the last request succeeded */
export function connectionAfter(error: unknown): Connection {
  if (error === undefined) return { connection: 'online', failure: null, failureCode: null };
  const failure = error instanceof Error ? error.message : String(error);
  return { connection: 'offline', failure, failureCode: error instanceof TodoProblem ? error.code : null };
}

export function statusOf(connection: Connection, queue: readonly Operation[]): StoreStatus {
  const rejected = queue.filter(({ problem }) => problem);
  return { ...connection, pending: queue.length - rejected.length, rejected };
}
