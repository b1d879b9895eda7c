/** The OpenAPI 3.1 document, made from the descriptions of the operations. */
import type { ZodObject, ZodType } from 'zod';
import { bodyLimit } from '../request/body.ts';
import { type AnyDescription, type Credential, isScope, type ResponseDescription } from '../route.ts';
import { type Json, SchemaComponents } from './json-schema.ts';
import { problemResponses } from './problem-responses.ts';
import { problem } from './problem-schema.ts';

export interface OpenApiInfo {
  readonly version: string;
  /** The path of PUBLIC_URL; empty without one. */
  readonly basePath: string;
}

/**
 * @param operations the described operations, in the order of the document
 * @throws Error if two operations need different schemas of the same name
 */
export function openApiDocument(operations: readonly AnyDescription[], { version, basePath }: OpenApiInfo): Json {
  const components = new SchemaComponents();
  const paths: Record<string, Json> = {};
  for (const description of operations) {
    paths[description.path] = { ...paths[description.path], [description.method]: describe(description, components) };
  }
  components.schemaOf(problem, 'output');
  const hasSessions = operations.some(({ token }) => token === 'session');
  return {
    openapi: '3.1.0',
    info: {
      title: 'todo-api',
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

const introduction = `The tasks of an application’s users. Each operation under \`/api/v1\` acts for the user of its bearer token, and on no other user’s tasks.

Rules for clients:
- Ignore fields and headers that you do not know: responses may gain some within this version. Requests may not have any: an unknown field or parameter is 422.
- Decide by \`status\` and \`code\` of a problem, and treat a code that you do not know like its status.
- PATCH clears a field that is sent as \`null\`. A client that omits null fields cannot clear one by PATCH: use PUT, which resets omitted fields to their defaults.
- Send \`If-Match\` with the \`ETag\` that you read, so that no change of another client is lost. Send \`Idempotency-Key\` with writes that you repeat.`;

const jwtScheme = {
  bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'A JWT of the configured issuer.' },
};

/**
 * What identifies a session of the embedded issuer; one of the two is enough. The session token has no scheme of its own:
 * of two bearer schemes, Java clients of openapi-generator set the token of one only.
 */
const sessionSchemes = {
  bearer: {
    type: 'http',
    scheme: 'bearer',
    description:
      'Operations under `/api/v1` take a JWT from `GET /api/auth/token`. Operations under `/api/auth` take the session token from the response header `set-auth-token`, for clients without cookies.',
  },
  sessionCookie: {
    type: 'apiKey',
    in: 'cookie',
    name: 'better-auth.session_token',
    description: 'For browsers: the cookie of signing up or in. Its name begins with `__Secure-` on HTTPS.',
  },
};

const standardHeaders = {
  'X-Request-Id': { description: 'The id of the request, in the server’s log too.', schema: { type: 'string' } },
};

/** Of operations with a token, where limits are on (draft-ietf-httpapi-ratelimit-headers). */
const limitHeaders = {
  'RateLimit-Policy': {
    description: 'The limit that the request falls under: `q` requests in `w` seconds.',
    schema: { type: 'string', examples: ['"requests";q=600;w=60'] },
  },
  RateLimit: {
    description: 'What is left of it: `r` requests for the next `t` seconds.',
    schema: { type: 'string', examples: ['"requests";r=599;t=60'] },
  },
};

function describe(description: AnyDescription, components: SchemaComponents): Json {
  const { request, token } = description;
  return {
    operationId: description.id,
    tags: [description.tag],
    summary: description.summary,
    ...(description.description && { description: description.description }),
    security: securityOf(token),
    ...(isScope(token) && { 'x-scope': token }),
    parameters: [
      ...parameters('path', request.path, components),
      ...parameters('query', request.query, components),
      ...parameters('header', request.headers, components),
    ],
    ...(request.body && {
      requestBody: {
        description: `At most ${(description.bodyLimit ?? bodyLimit) / 1024} KiB.`,
        required: true,
        content: Object.fromEntries(
          (description.bodyTypes ?? ['application/json']).map((type) => [
            type,
            { schema: components.schemaOf(request.body as ZodType, 'input') },
          ]),
        ),
      },
    }),
    responses: {
      ...Object.fromEntries(
        Object.entries(description.responses).map(([status, response]) => [
          status,
          success(response, isLimited(token), components),
        ]),
      ),
      ...failures(description),
    },
  };
}

function securityOf(token: Credential): Json[] {
  if (token === 'none') return [];
  return token === 'session' ? [{ bearer: [] }, { sessionCookie: [] }] : [{ bearer: [] }];
}

/** Requests with a token of the API count towards the limits of its user. */
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
      // An `example` would be filled in by the page at /docs, and sent.
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

/** @param own names to descriptions */
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

function failures(description: AnyDescription): Json {
  const responses = problemResponses(description).map(({ status, headers: own, ...response }) => [
    status,
    { ...response, headers: headers(own, isLimited(description.token)) },
  ]);
  return Object.fromEntries(responses);
}
