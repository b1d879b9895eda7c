/** Problem responses of an operation in the OpenAPI document. */
import { type AppliesTo, catalogue, type ProblemCode, problemCodes, problemType } from '../../problems/catalogue.ts';
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
export function problemResponses(route: AnyDescription): ProblemResponse[] {
  const byStatus = new Map<number, ProblemCode[]>();
  for (const code of problemCodes.filter((each) => appliesTo(each, route))) {
    const { status } = catalogue[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return [...byStatus].map(([status, codes]) => ({
    status,
    description: codes.map((code) => `\`${code}\`: ${catalogue[code].title}.`).join(' '),
    headers: headersOfAll(codes, route),
    content: {
      'application/problem+json': {
        schema: { $ref: '#/components/schemas/Problem' },
        examples: Object.fromEntries(codes.map((code) => [code, { value: example(code, route.path) }])),
      },
    },
  }));
}

function appliesTo(code: ProblemCode, { token, request, problems }: AnyDescription): boolean {
  const rules: Readonly<Record<AppliesTo, boolean>> = {
    all: true,
    body: request.body !== undefined,
    token: token === 'any' || isScope(token),
    scope: isScope(token),
    named: false,
  };
  return rules[catalogue[code].appliesTo] || problems.includes(code);
}

/** The headers of the problems of one status. A header that not all of them have names those that do. */
function headersOfAll(codes: readonly ProblemCode[], route: AnyDescription): Readonly<Record<string, string>> {
  const entries = codes.flatMap((code) => Object.entries(headersOf(code, route)));
  return Object.fromEntries(
    entries.map(([name, description]) => {
      const senders = codes.filter((code) => name in headersOf(code, route));
      const names = senders.map((code) => `\`${code}\``).join(' and ');
      return [name, senders.length === codes.length ? description : `With ${names}: ${description}`];
    }),
  );
}

function headersOf(code: ProblemCode, { request }: AnyDescription): Readonly<Record<string, string>> {
  const { headers = {}, headersNeed } = catalogue[code];
  const isSent = headersNeed === undefined || request.headers?.shape[headersNeed] !== undefined;
  return isSent ? headers : {};
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
