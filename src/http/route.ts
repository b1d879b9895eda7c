/** One description of an operation, from which its validation, its types and its documentation all come. */
import type { ZodObject, ZodType, z } from 'zod';
import type { Scope } from '../principal.ts';
import type { ProblemCode } from '../problems/catalogue.ts';
import type { BodyType } from './request/body.ts';
import type { RequestContext } from './request-context.ts';

/** The schemas of a request's parts; a part without one is not looked at, but for the query, which must be empty. */
export interface RequestSchemas {
  readonly path?: ZodObject;
  readonly query?: ZodObject;
  /** Named in lower case, all of them optional; other headers are let through. */
  readonly headers?: ZodObject;
  readonly body?: ZodType;
}

export interface ResponseDescription {
  readonly description: string;
  readonly schema?: ZodType;
  /** `application/json` where there is a schema, unless named here. */
  readonly contentType?: string;
  /** Headers beyond those that every response has: name to description. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** What a request must carry: a token with a scope, `any` token, a `session` of the embedded issuer, or `none`. */
export type Credential = Scope | 'any' | 'session' | 'none';

export function isScope(credential: Credential): credential is Scope {
  return credential !== 'none' && credential !== 'any' && credential !== 'session';
}

/** A description of what this server answers itself or lets the embedded issuer answer. */
export type AnyDescription = RouteDefinition<RequestSchemas, Credential>;

export interface RouteDefinition<
  Schemas extends RequestSchemas = RequestSchemas,
  Needed extends Credential = Exclude<Credential, 'session'>,
> {
  readonly id: string;
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** In OpenAPI's notation: `/api/v1/tasks/{id}`. */
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly token: Needed;
  readonly request: Schemas;
  /** Accepted media types of the body; `application/json` where not given. */
  readonly bodyTypes?: readonly BodyType[];
  /** Of the body, in bytes as sent; the limit of `body.ts` if not given. */
  readonly bodyLimit?: number;
  readonly responses: Readonly<Record<number, ResponseDescription>>;
  /** The problems that are this operation's own; those that come with a token, a body or a database are known. */
  readonly problems: readonly ProblemCode[];
}

type Parsed<Schema> = Schema extends ZodType ? z.output<Schema> : undefined;

/** The checked parts of a request. */
export interface Input<Schemas extends RequestSchemas> {
  readonly path: Parsed<Schemas['path']>;
  readonly query: Parsed<Schemas['query']>;
  readonly headers: Parsed<Schemas['headers']>;
  readonly body: Parsed<Schemas['body']>;
}

export type OperationHandler<Schemas extends RequestSchemas> = (
  input: Input<Schemas>,
  context: RequestContext,
) => Promise<Response> | Response;

/** A description together with what answers it. */
export interface Operation {
  readonly description: RouteDefinition;
  readonly handler: OperationHandler<RequestSchemas>;
}

export function defineRoute<const Schemas extends RequestSchemas>(
  description: RouteDefinition<Schemas>,
): RouteDefinition<Schemas> {
  return description;
}

export function implement<Schemas extends RequestSchemas>(
  description: RouteDefinition<Schemas>,
  handler: OperationHandler<Schemas>,
): Operation {
  return { description, handler: handler as unknown as OperationHandler<RequestSchemas> };
}
