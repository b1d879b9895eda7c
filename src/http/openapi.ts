/** The OpenAPI 3.1 document, made from the descriptions of the operations. */
import { type ZodObject, z } from 'zod';
import type { ProblemCode } from '../problems/catalogue.ts';
import { catalogue, problemCodes, problemType } from '../problems/catalogue.ts';
import { bodyLimit } from './body.ts';
import type { Operation, OperationDescription, ResponseDescription } from './operation.ts';

export interface OpenApiInfo {
  readonly version: string;
}

type Json = Record<string, unknown>;

/** Named schemas that were met on the way. */
type Components = Record<string, Json>;

export function openApiDocument(operations: readonly Operation[], { version }: OpenApiInfo): Json {
  const schemas: Components = {};
  const paths: Record<string, Json> = {};
  for (const { description } of operations) {
    paths[description.path] = { ...paths[description.path], [description.method]: describe(description, schemas) };
  }
  schemaOf(problem, 'output', schemas);
  return {
    openapi: '3.1.0',
    info: {
      title: 'todo-api',
      version,
      description:
        'The tasks of an application’s users. Each operation under `/api/v1` acts for the user of its bearer token, and on nobody else’s tasks.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    paths,
    components: {
      schemas,
      headers: { ...standardHeaders, ...limitHeaders },
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'With the embedded issuer: `GET /api/auth/token` after signing in.',
        },
      },
    },
  };
}

const problem = z
  .strictObject({
    type: z.string().meta({ format: 'uri-reference', description: 'Where the problem is explained, on this server.' }),
    title: z.string(),
    status: z.int(),
    detail: z.string().meta({ description: 'What happened, fit to be shown to a person.' }),
    instance: z.string().meta({ description: 'The path of the request.' }),
    code: z.enum(problemCodes),
    request_id: z.string(),
    current_version: z
      .int()
      .optional()
      .meta({ description: 'On `version_mismatch`: the version that the resource has now.' }),
    auth_code: z.string().optional().meta({
      description: 'On errors of the embedded issuer: the error code of Better Auth.',
      example: 'INVALID_EMAIL_OR_PASSWORD',
    }),
    message: z
      .string()
      .optional()
      .meta({ description: 'On errors of the embedded issuer: the message of Better Auth.' }),
    errors: z
      .array(
        z.strictObject({
          in: z.enum(['body', 'query', 'path', 'header']),
          pointer: z.string().meta({ description: 'A JSON pointer in a body, a name elsewhere.' }),
          message: z.string(),
        }),
      )
      .optional(),
  })
  .meta({ id: 'Problem', description: 'What went wrong (RFC 9457).' });

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

function describe(description: OperationDescription, components: Components): Json {
  const { request, token } = description;
  return {
    operationId: description.id,
    tags: [description.tag],
    summary: description.summary,
    ...(description.description && { description: description.description }),
    security: token === 'none' ? [] : [{ bearer: [] }],
    ...(token !== 'none' && token !== 'any' && { 'x-scope': token }),
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
            { schema: schemaOf(request.body as z.ZodType, 'input', components) },
          ]),
        ),
      },
    }),
    responses: {
      ...Object.fromEntries(
        Object.entries(description.responses).map(([status, response]) => [
          status,
          success(response, token !== 'none', components),
        ]),
      ),
      ...failures(description),
    },
  };
}

function parameters(
  place: 'path' | 'query' | 'header',
  schemas: ZodObject | undefined,
  components: Components,
): Json[] {
  return Object.entries(schemas?.shape ?? {}).map(([name, schema]) => {
    const { description, example, ...json } = schemaOf(schema as z.ZodType, 'input', components);
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

function success(response: ResponseDescription, isLimited: boolean, components: Components): Json {
  return {
    description: response.description,
    headers: headers(response.headers ?? {}, isLimited),
    ...(response.schema && {
      content: {
        [response.contentType ?? 'application/json']: { schema: schemaOf(response.schema, 'output', components) },
      },
    }),
  };
}

function headers(own: Readonly<Record<string, string>>, isLimited: boolean): Json {
  const described = Object.entries(own).map(([name, description]) => [
    name,
    { description, schema: { type: 'string' } },
  ]);
  const common = [...Object.keys(standardHeaders), ...(isLimited ? Object.keys(limitHeaders) : [])];
  return {
    ...Object.fromEntries(described),
    ...Object.fromEntries(common.map((name) => [name, { $ref: `#/components/headers/${name}` }])),
  };
}

/** One response a status, with an example of each of its problems. */
function failures(description: OperationDescription): Json {
  const byStatus = new Map<number, ProblemCode[]>();
  for (const code of problemsOf(description)) {
    const { status } = catalogue[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      status,
      {
        description: codes.map((code) => `\`${code}\`: ${catalogue[code].title}.`).join(' '),
        headers: headers(failureHeaders(status, description), description.token !== 'none'),
        content: {
          'application/problem+json': {
            schema: { $ref: '#/components/schemas/Problem' },
            examples: Object.fromEntries(
              codes.map((code) => [code, { value: problemExample(code, description.path) }]),
            ),
          },
        },
      },
    ]),
  );
}

/** The problems that an operation can answer: its own, and those that come with what it takes. */
export function problemsOf({ token, request, problems }: OperationDescription): ProblemCode[] {
  const all = new Set<ProblemCode>(['malformed_request', 'validation_failed', ...problems, 'internal_error']);
  if (request.body) for (const code of ['payload_too_large', 'unsupported_media_type'] as const) all.add(code);
  if (token !== 'none') {
    for (const code of ['token_missing', 'token_invalid', 'token_expired'] as const) all.add(code);
    for (const code of ['database_unavailable', 'identity_provider_unavailable', 'timeout'] as const) all.add(code);
    for (const code of ['rate_limited', 'overloaded'] as const) all.add(code);
    if (token !== 'any') all.add('insufficient_scope');
  }
  return problemCodes.filter((code) => all.has(code));
}

/** The headers that every problem of this status has. */
function failureHeaders(status: number, { request }: OperationDescription): Readonly<Record<string, string>> {
  switch (status) {
    case 401:
      return { 'WWW-Authenticate': 'The scheme to use, and what was wrong with the token (RFC 6750).' };
    case 403:
      return { 'WWW-Authenticate': 'The scope that is needed (RFC 6750).' };
    case 412:
      // A batch has no entity tag: its problem names the version of one of its tasks.
      return request.headers?.shape['if-match'] ? { ETag: 'The version that the task has now.' } : {};
    case 429:
    case 503:
      return { 'Retry-After': 'Seconds to wait before trying again.' };
    default:
      return {};
  }
}

function problemExample(code: ProblemCode, path: string): Json {
  const { status, title, detail } = catalogue[code];
  return {
    type: problemType(code),
    title,
    status,
    detail,
    instance: path,
    code,
    request_id: '0193a5b0-9d0e-7c55-8f7a-51a0c2d4e6f8',
    ...(code === 'version_mismatch' && { current_version: 3 }),
    ...(code === 'validation_failed' && {
      errors: [{ in: 'query', pointer: 'limit', message: 'must be a whole number from 1 to 200' }],
    }),
  };
}

/** A schema as JSON Schema 2020-12, which OpenAPI 3.1 uses; those with an id move to the components. */
function schemaOf(schema: z.ZodType, direction: 'input' | 'output', components: Components): Json {
  const {
    $schema: _,
    $defs: definitions = {},
    ...json
  } = z.toJSONSchema(schema, { io: direction, unrepresentable: 'any' });
  for (const [id, definition] of Object.entries(definitions)) components[id] ??= relocate(definition as Json);
  return relocate(json);
}

function relocate(json: Json): Json {
  return JSON.parse(JSON.stringify(json).replaceAll('#/$defs/', '#/components/schemas/')) as Json;
}
