/** The interface between the network of the simulation and a server: the model, or the real application. */
import type { JsonObject } from '../src/offline/merge-patch.ts';
import type { Resource, ResourceType } from '../src/offline/operation.ts';
import type { ChangesPage } from '../src/offline/receive.ts';
import type { Random } from './random.ts';

export interface ServerRequest {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly key: string | undefined;
  /** The time until which it is valid. */
  readonly token: string;
}

export interface ServerResponse {
  readonly status: number;
  readonly body: unknown;
  /** `Retry-After` in seconds. */
  readonly retryAfter?: number;
}

/** A resource, or its removal, as the last change has left it. */
export interface Entry {
  readonly type: ResourceType;
  readonly id: string;
  readonly version: number;
  readonly resource: Resource | null;
}

export type ServerState = ReadonlyMap<string, Entry>;

/** One execution of a request with an idempotency key. */
export interface Execution {
  readonly status: number;
  /** The version of the resource after it, or of its removal; 0 if it never existed. */
  readonly version: number;
  /** The time of the simulation. */
  readonly at: number;
}

export interface SimulatedServer {
  readonly userId: string;
  readonly state: ServerState;
  /** The position of the last change. It differs after every change. */
  readonly position: string;
  /** Every execution of a request with a key, also those that a restored backup has lost. */
  readonly executions: ReadonlyMap<string, readonly Execution[]>;
  /** The state at a cursor; undefined if the cursor is within a snapshot. */
  stateAt(cursor: string): ServerState | undefined;
  handle(request: ServerRequest): ServerResponse | Promise<ServerResponse>;
  /** The next page of a stream, or undefined if there is no change after the cursor. */
  streamPage(cursor: string | undefined, token: string): Page | Promise<Page>;
  /** A write of a client without an offline store. It can fail. */
  create(type: ResourceType, id: string, fields: JsonObject): void | Promise<void>;
  /** A write of a client without an offline store. It can fail. */
  change(type: ResourceType, id: string, patch: JsonObject | 'delete' | 'restore'): void | Promise<void>;
  /** Forgets removals, so that older cursors get a snapshot. */
  forget(): void | Promise<void>;
  /** The user erases everything that the server stores. Numbers and versions begin anew. */
  erase(): void | Promise<void>;
  backUp(): void;
  /** @returns whether numbers and versions have gone back */
  restore(): boolean | Promise<boolean>;
}

/** What a server needs of the world. */
export interface ServerParts {
  readonly random: Random;
  readonly now: () => number;
  /** Called after each execution of a request with this idempotency key. */
  readonly onExecute: (key: string) => void;
}

export type CreateServer = (parts: ServerParts) => SimulatedServer;

type Page = ChangesPage | ServerResponse | undefined;
