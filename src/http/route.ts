/** Route definitions: the source of an operation's validation, types and documentation. */
import type { ZodObject, ZodType, z } from 'zod';
import type { ProblemCode } from '../problems/catalogue.ts';
import type { Scope } from '../vocabulary.ts';
import type { BodyType } from './request/body.ts';
import type { RequestContext } from './request-context.ts';

/** The schemas of a request's parts. A part without a schema is not validated, except for the query, which must be empty. */
export interface RequestSchemas {
  readonly path?: ZodObject;
  readonly query?: ZodObject;
  /** Names in lower case. All of them are optional. Other headers are ignored. */
  readonly headers?: ZodObject;
  readonly body?: ZodType;
}

export interface ResponseDescription {
  readonly description: string;
  readonly schema?: ZodType;
  /** Default: `application/json`, if there is a schema. */
  readonly contentType?: string;
  /** Headers in addition to those of every response: name to description. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** The credential of a request: a token with a scope, `any` token, a `session` of the embedded issuer, or `none`. */
export type Credential = Scope | 'any' | 'session' | 'none';

export function isScope(credential: Credential): credential is Scope {
  return credential !== 'none' && credential !== 'any' && credential !== 'session';
}

/** The definition of a route that this server or the embedded issuer handles. */
export type AnyDescription = RouteDefinition<RequestSchemas, Credential>;

export interface RouteDefinition<
  Schemas extends RequestSchemas = RequestSchemas,
  Required extends Credential = Exclude<Credential, 'session'>,
> {
  readonly id: string;
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** In OpenAPI's notation: `/problems/{code}`. */
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly token: Required;
  /** Whether API tokens are rejected, so that only a session of the user can run the operation. Default: false. */
  readonly rejectsApiTokens?: boolean;
  readonly request: Schemas;
  /** Accepted media types of the body. Default: `application/json`. */
  readonly bodyTypes?: readonly BodyType[];
  /** Maximum size of the body in bytes, as sent. Default: `bodyLimit` of `request/body.ts`. */
  readonly bodyLimit?: number;
  readonly responses: Readonly<Record<number, ResponseDescription>>;
  /** The problems of this operation, in addition to those that the catalogue applies to it. */
  readonly problems: readonly ProblemCode[];
}

type Parsed<Schema> = Schema extends ZodType ? z.output<Schema> : undefined;

/** The validated parts of a request. */
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

/** A route and its handler. */
export interface Operation {
  readonly route: RouteDefinition;
  readonly handler: OperationHandler<RequestSchemas>;
}

export function defineRoute<const Schemas extends RequestSchemas>(
  route: RouteDefinition<Schemas>,
): RouteDefinition<Schemas> {
  return route;
}

export function implement<Schemas extends RequestSchemas>(
  route: RouteDefinition<Schemas>,
  handler: OperationHandler<Schemas>,
): Operation {
  return { route, handler: handler as unknown as OperationHandler<RequestSchemas> };
}

/**
 * The operations of the routes, in the order of the routes.
 *
 * @throws Error if a route has no handler, or if a handler's route is not in the list
 */
export function attachHandlers(
  routes: readonly RouteDefinition[],
  implementations: readonly Operation[],
): readonly Operation[] {
  const byRoute = new Map(implementations.map((operation) => [operation.route, operation]));
  const operations = routes.map((route) => {
    const operation = byRoute.get(route);
    if (!operation) throw new Error(`the route ${route.id} has no handler`);
    byRoute.delete(route);
    return operation;
  });
  const [unlisted] = byRoute.keys();
  if (unlisted) throw new Error(`the route ${unlisted.id} is not in the list of routes`);
  return operations;
}
