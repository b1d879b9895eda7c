/** Generator of requests from the OpenAPI document: random valid ones, and invalid ones with the place of their error. */
import fc from 'fast-check';
import type { documentedOperations } from '../support/document.ts';
import { resolved, type Schema, type Spoilt, spoil, valuesOf } from './values-from-schema.ts';

export type DocumentedOperation = (typeof documentedOperations)[number];

/** The parts of a request, by the names in the document. */
export interface Parts {
  readonly path: Readonly<Record<string, unknown>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly header: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
}

/** An invalid request, and the place of the error that the response must name. */
export interface SpoiltParts {
  readonly parts: Parts;
  readonly in: keyof Parts;
  readonly pointer: string;
}

/** Fixed values for the requests. The other values are random. */
export interface Materials {
  readonly ids?: readonly string[];
  readonly texts?: readonly string[];
}

/** The tag that requests name. */
export const tagOfTasks = 'home/work';

/** Values for the parameters that their schemas do not describe completely. Add new parameters of this kind here. */
const parameterRules: Readonly<
  Record<string, { good: fc.Arbitrary<unknown>; bad: readonly unknown[]; without?: string }>
> = {
  'Idempotency-Key': {
    good: fc.uuid(),
    bad: ['', 'two words', 'x'.repeat(256), '\u00e9'],
  },
  'If-Match': {
    good: fc.constantFrom('*', '"1"', '"1", "2"', '"7"', 'W/"1"'),
    bad: ['', '1', '"', '"1" "2"', 'w/"1"', "'1'"],
  },
  'If-None-Match': {
    good: fc.constantFrom('*', '"1"', 'W/"1"', '"7"'),
    bad: ['', '1', '"', '"1" "2"'],
  },
  // Only the response of a list has one.
  cursor: { good: fc.constant(undefined), bad: ['', 'AAAA', '\u0000', 'x'.repeat(4097), '\u{1f600}'], without: 'skip' },
  // Only the response of an earlier request has one.
  since: { good: fc.constant(undefined), bad: ['', 'AAAA', '\u0000', 'x'.repeat(4097), '\u{1f600}'] },
  'Last-Event-Id': { good: fc.constant(undefined), bad: ['AAAA', 'x'.repeat(4097)] },
  code: { good: fc.constant('validation-failed'), bad: [] },
  // Of a tag, which must exist.
  name: { good: fc.constant(tagOfTasks), bad: [' ', 'x'.repeat(51), '\u0000'] },
};

export function requestsOf({ operation }: DocumentedOperation, materials: Materials = {}): fc.Arbitrary<Parts> {
  const part = (place: string) =>
    fc.record(
      Object.fromEntries(
        parametersIn(operation, place).map(({ name, required, schema }) => {
          const good = parameterRules[name]?.good ?? valuesOf(schema, materials);
          return [name, required ? good : fc.option(good, { nil: undefined, freq: 2 })];
        }),
      ),
    );
  const body = bodySchema(operation);
  return fc
    .record({
      path: part('path'),
      query: part('query').map(inOrder),
      header: part('header').map((headers) => ({ ...headers, ...contentType(operation) })),
      ...(body && { body: valuesOf(body, materials) }),
    })
    .map((parts) => parts as Parts);
}

/** All requests with one invalid value. */
export function* spoiltOnes({ operation }: DocumentedOperation, parts: Parts): Generator<SpoiltParts> {
  for (const place of ['path', 'query', 'header'] as const) {
    for (const { name, schema } of parametersIn(operation, place)) {
      const rule = parameterRules[name];
      const pointer = place === 'header' ? name.toLowerCase() : name;
      const put = (value: unknown): SpoiltParts => ({
        parts: {
          ...parts,
          [place]: { ...parts[place], [name]: value, ...(rule?.without && { [rule.without]: undefined }) },
        },
        in: place,
        pointer,
      });
      if (rule) yield* rule.bad.map(put);
      // A path without its parameter is another path.
      else
        yield* spoiltTexts(schema)
          .filter((value) => place !== 'path' || value !== '')
          .map(put);
      // A parameter that is not a list must not be repeated. Node joins repeated headers by commas, so headers are left out.
      if (place === 'query' && schema.type !== 'array') yield put(['1', '1']);
    }
  }
  for (const name of ['unknown', 'owner_id', '__proto__', 'constructor', 'a[b]', '']) {
    const query = Object.fromEntries([...Object.entries(parts.query), [name, '1']]);
    yield { parts: { ...parts, query }, in: 'query', pointer: name };
  }
  const body = bodySchema(operation);
  // The errors of lines have tests of their own, because their schemas are not in the document.
  if (!body || takesLines(operation)) return;
  for (const { value, pointer } of spoil(body, parts.body)) {
    yield { parts: { ...parts, body: value }, in: 'body', pointer };
  }
}

/** The target of a request: path and query. */
export function targetOf(path: string, parts: Parts): string {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(parts.path[name])));
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parts.query)) {
    for (const each of Array.isArray(value) ? value : [value]) {
      if (each !== undefined) query.append(name, String(each));
    }
  }
  return query.size > 0 ? `${filled}?${query}` : filled;
}

export function headersOf(parts: Parts): Record<string, string> {
  return Object.fromEntries(
    Object.entries(parts.header).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  );
}

function parametersIn(operation: DocumentedOperation['operation'], place: string) {
  return operation.parameters
    .filter((parameter) => parameter.in === place)
    .map((parameter) => ({ ...parameter, schema: resolved(parameter.schema as Schema) }));
}

/** A line of JSON is a document, so that a body of one line is sent like the others. */
function takesLines({ requestBody }: DocumentedOperation['operation']): boolean {
  return requestBody?.content['application/x-ndjson'] !== undefined;
}

function contentType(operation: DocumentedOperation['operation']): Readonly<Record<string, string>> {
  return takesLines(operation) ? { 'Content-Type': 'application/x-ndjson' } : {};
}

/** A line of an import, whose schema is not in the document. */
const importedTask: Schema = {
  type: 'object',
  properties: {
    type: { const: 'task' },
    task: {
      type: 'object',
      properties: {
        id: { type: 'string', format: 'uuid' },
        title: { type: 'string', minLength: 1, maxLength: 255 },
        description: { type: 'string', maxLength: 10_000 },
        tags: { type: 'array', maxItems: 20, items: { type: 'string', minLength: 1, maxLength: 50 } },
      },
      required: ['id', 'title'],
    },
  },
  required: ['type', 'task'],
};

function bodySchema(operation: DocumentedOperation['operation']): Schema | undefined {
  if (takesLines(operation)) return importedTask;
  return Object.values(operation.requestBody?.content ?? {})[0]?.schema as Schema | undefined;
}

/** The ends of a range in ascending order, which a schema cannot require. */
function inOrder(query: Record<string, unknown>): Record<string, unknown> {
  const ordered = { ...query };
  for (const name of Object.keys(query).filter((each) => each.endsWith('_from'))) {
    const to = name.replace(/from$/, 'to');
    const [from, end] = [query[name], query[to]] as [string?, string?];
    if (from !== undefined && end !== undefined && from > end) Object.assign(ordered, { [name]: end, [to]: from });
  }
  return ordered;
}

/** A query or a path consists of UTF-8 text, so only the content of the text can be invalid. */
function spoiltTexts(schema: Schema): unknown[] {
  if (schema.type === 'integer') {
    const outside = [schema.minimum, schema.maximum].map((edge, index) => Number(edge) + (index === 0 ? -1 : 1));
    return ['', 'x', '1.5', '1e1', ' 5', '0x10', '\u0000', ...outside];
  }
  if (schema.type === 'array') {
    const items = resolved(schema.items as Schema);
    const [good] = fc.sample(valuesOf(items), { numRuns: 1, seed: 1 });
    const texts = spoiltTexts(items);
    return [...texts, ...texts.map((text) => [good, text]), Array(Number(schema.maxItems) + 1).fill(good)];
  }
  const [good] = fc.sample(valuesOf(schema), { numRuns: 1, seed: 1 });
  return [...spoil(schema, good)]
    .map(({ value }: Spoilt) => value)
    .filter((value) => typeof value === 'string' && value.isWellFormed());
}
