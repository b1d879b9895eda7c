/** The responses of an operation that are problems, for the OpenAPI document. */
import { catalogue, type ProblemCode, problemCodes, problemType } from '../../problems/catalogue.ts';
import { type AnyDescription, isScope } from '../route.ts';
import type { Json } from './json-schema.ts';

interface ProblemResponse {
  readonly status: number;
  readonly description: string;
  /** Names to descriptions. */
  readonly headers: Readonly<Record<string, string>>;
  readonly content: Json;
}

/** One response per status, with an example of each of its problems. */
export function problemResponses(description: AnyDescription): ProblemResponse[] {
  const byStatus = new Map<number, ProblemCode[]>();
  for (const code of problemsOf(description)) {
    const { status } = catalogue[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return [...byStatus].map(([status, codes]) => ({
    status,
    description: codes.map((code) => `\`${code}\`: ${catalogue[code].title}.`).join(' '),
    headers: problemHeaders(status, description),
    content: {
      'application/problem+json': {
        schema: { $ref: '#/components/schemas/Problem' },
        examples: Object.fromEntries(codes.map((code) => [code, { value: example(code, description.path) }])),
      },
    },
  }));
}

/** The problems that an operation can answer: its own, and those that come with what it takes. */
function problemsOf({ token, request, problems }: AnyDescription): ProblemCode[] {
  const all = new Set<ProblemCode>(['malformed_request', 'validation_failed', ...problems, 'internal_error']);
  if (request.body) for (const code of ['payload_too_large', 'unsupported_media_type'] as const) all.add(code);
  if (token !== 'none' && token !== 'session') {
    for (const code of ['token_missing', 'token_invalid', 'token_expired'] as const) all.add(code);
    for (const code of ['database_unavailable', 'identity_provider_unavailable', 'timeout'] as const) all.add(code);
    for (const code of ['rate_limited', 'overloaded'] as const) all.add(code);
    if (isScope(token)) all.add('insufficient_scope');
  }
  return problemCodes.filter((code) => all.has(code));
}

/** The headers that every problem of this status has. */
function problemHeaders(status: number, { request }: AnyDescription): Readonly<Record<string, string>> {
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
    case 504:
      return { 'Retry-After': 'Seconds to wait before trying again.' };
    default:
      return {};
  }
}

function example(code: ProblemCode, path: string): Json {
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
