/** Generation of the OpenAPI 3.1 document from the route definitions. */
import type { ZodObject, ZodType } from 'zod';
import { bodyLimit } from '../request/body.ts';
import { type AnyDescription, type Credential, isScope, type ResponseDescription } from '../route.ts';
import { type Json, SchemaComponents } from './json-schema.ts';
import { problemResponses } from './problem-responses.ts';
import { problem } from './problem-schema.ts';

export interface OpenApiInfo {
  readonly title: string;
  /** Markdown for the reader of the document. */
  readonly introduction: string;
  readonly version: string;
  /** The path of PUBLIC_URL; empty if there is none. */
  readonly basePath: string;
}

/**
 * @param routes in the order of the document
 * @throws Error if two routes use different schemas with the same name
 */
export function openApiDocument(routes: readonly AnyDescription[], info: OpenApiInfo): Json {
  const { title, introduction, version, basePath } = info;
  const components = new SchemaComponents();
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method]: operation(route, components) };
  }
  components.schemaOf(problem, 'output');
  const hasSessions = routes.some(({ token }) => token === 'session');
  return {
    openapi: '3.1.0',
    info: {
      title,
      version,
      description: introduction,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: basePath || '/' }],
    paths,
    components: {
      schemas: components.schemas,
      headers: { ...standardHeaders, ...limitHeaders },
      securitySchemes: hasSessions ? sessionSchemes : jwtScheme,
    },
  };
}

const apiTokens = '`POST /api/v1/tokens` creates API tokens for scripts and other programs.';

const jwtScheme = {
  bearer: {
    type: 'http',
    scheme: 'bearer',
    description: `A JWT from the configured issuer, or an API token. ${apiTokens}`,
  },
};

/**
 * The credentials of a session of the embedded issuer; a client sends one of them. The session token shares the bearer
 * scheme, because Java clients of openapi-generator set the token of only one bearer scheme.
 */
const sessionSchemes = {
  bearer: {
    type: 'http',
    scheme: 'bearer',
    description: `Operations under \`/api/v1\` need a JWT from \`GET /api/auth/token\`, or an API token. ${apiTokens} Operations under \`/api/auth\` accept the session token from the response header \`set-auth-token\`, for clients without cookies.`,
  },
  sessionCookie: {
    type: 'apiKey',
    in: 'cookie',
    name: 'better-auth.session_token',
    description:
      'The session cookie, for browsers. Sign-up and sign-in set it. Its name begins with `__Secure-` on HTTPS.',
  },
};

const standardHeaders = {
  'X-Request-Id': { description: 'The id of the request, as in the server’s log.', schema: { type: 'string' } },
};

/** Headers of operations with a token, if limits are enabled (draft-ietf-httpapi-ratelimit-headers). */
const limitHeaders = {
  'RateLimit-Policy': {
    description: 'The limit that applies to the request: `q` requests per `w` seconds.',
    schema: { type: 'string', examples: ['"requests";q=600;w=60'] },
  },
  RateLimit: {
    description: 'The remaining quota: `r` requests for the next `t` seconds.',
    schema: { type: 'string', examples: ['"requests";r=599;t=60'] },
  },
};

function operation(route: AnyDescription, components: SchemaComponents): Json {
  const { request, token } = route;
  return {
    operationId: route.id,
    tags: [route.tag],
    summary: route.summary,
    ...(route.description && { description: route.description }),
    security: securityOf(token),
    ...(isScope(token) && { 'x-scope': token }),
    parameters: [
      ...parameters('path', request.path, components),
      ...parameters('query', request.query, components),
      ...parameters('header', request.headers, components),
    ],
    ...(request.body && {
      requestBody: {
        description: `At most ${(route.bodyLimit ?? bodyLimit) / 1024} KiB.`,
        required: true,
        content: Object.fromEntries(
          (route.bodyTypes ?? ['application/json']).map((type) => [
            type,
            { schema: components.schemaOf(request.body as ZodType, 'input') },
          ]),
        ),
      },
    }),
    responses: {
      ...Object.fromEntries(
        Object.entries(route.responses).map(([status, response]) => [
          status,
          success(response, isLimited(token), components),
        ]),
      ),
      ...failures(route),
    },
  };
}

function securityOf(token: Credential): Json[] {
  if (token === 'none') return [];
  return token === 'session' ? [{ bearer: [] }, { sessionCookie: [] }] : [{ bearer: [] }];
}

/** Whether requests count towards the rate limit of their user. */
function isLimited(token: Credential): boolean {
  return token !== 'none' && token !== 'session';
}

function parameters(
  place: 'path' | 'query' | 'header',
  schemas: ZodObject | undefined,
  components: SchemaComponents,
): Json[] {
  return Object.entries(schemas?.shape ?? {}).map(([name, schema]) => {
    const { description, example, ...json } = components.schemaOf(schema as ZodType, 'input');
    return {
      name: place === 'header' ? name.replaceAll(/\b[a-z]/g, (letter) => letter.toUpperCase()) : name,
      in: place,
      required: place === 'path',
      ...(description ? { description } : {}),
      // Swagger UI would fill in an `example` and send it.
      schema: example === undefined ? json : { ...json, examples: [example] },
    };
  });
}

function success(response: ResponseDescription, limited: boolean, components: SchemaComponents): Json {
  return {
    description: response.description,
    headers: headers(response.headers ?? {}, limited),
    ...(response.schema && {
      content: {
        [response.contentType ?? 'application/json']: { schema: components.schemaOf(response.schema, 'output') },
      },
    }),
  };
}

/** @param own names to descriptions, in addition to the common headers */
function headers(own: Readonly<Record<string, string>>, limited: boolean): Json {
  const described = Object.entries(own).map(([name, description]) => [
    name,
    { description, schema: { type: 'string' } },
  ]);
  const common = [...Object.keys(standardHeaders), ...(limited ? Object.keys(limitHeaders) : [])];
  return {
    ...Object.fromEntries(described),
    ...Object.fromEntries(common.map((name) => [name, { $ref: `#/components/headers/${name}` }])),
  };
}

function failures(route: AnyDescription): Json {
  const responses = problemResponses(route).map(({ status, headers: own, ...response }) => [
    status,
    { ...response, headers: headers(own, isLimited(route.token)) },
  ]);
  return Object.fromEntries(responses);
}
