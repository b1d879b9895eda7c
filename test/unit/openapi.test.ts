/** The OpenAPI document, in the form that client generators need with their defaults. */
import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { SchemaComponents } from '../../src/http/openapi/json-schema.ts';
import { document, documentWithIssuer, issuerOperations } from '../support/document.ts';

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly discriminator?: { propertyName: string; mapping: Record<string, string> };
  readonly items?: Schema;
  readonly properties?: Record<string, Schema>;
  readonly required?: readonly string[];
  readonly additionalProperties?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
}

const components = documentWithIssuer.components.schemas as Record<string, Schema>;
const operations = Object.values(documentWithIssuer.paths).flatMap((methods) => Object.values(methods));
const contents = (content: object | undefined) =>
  Object.values(content ?? {}).map(({ schema }: { schema: Schema }) => schema);

const requestBodies = operations.flatMap(({ requestBody }) => contents(requestBody?.content));
const parameters = operations.flatMap((operation) => operation.parameters.map(({ schema }) => schema as Schema));
const responses = operations.flatMap((operation) =>
  Object.values(operation.responses).flatMap(({ content }) => contents(content)),
);

/** A schema and all its subschemas, by location. */
function* parts(schema: Schema, place: string): Generator<[place: string, schema: Schema]> {
  yield [place, schema];
  const name = schema.$ref?.replace('#/components/schemas/', '');
  if (name !== undefined) yield* parts(components[name] as Schema, name);
  const branches = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])];
  for (const [index, each] of branches.entries()) yield* parts(each, `${place}|${index}`);
  if (schema.items) yield* parts(schema.items, `${place}[]`);
  for (const [key, each] of Object.entries(schema.properties ?? {})) yield* parts(each, `${place}.${key}`);
}

const all = (schemas: readonly Schema[], start: string) =>
  new Map(schemas.flatMap((schema) => [...parts(schema, start)]));
const requested = all([...requestBodies, ...parameters], 'request');
const answered = all(responses, 'response');
const objects = (schemas: ReadonlyMap<string, Schema>) => [...schemas].filter(([, { properties }]) => properties);

test.each([
  ['with', documentWithIssuer],
  ['without', document],
])('the document %s the embedded issuer is OpenAPI 3.1', async (_with, each) => {
  expect(await new Validator().validate(JSON.parse(JSON.stringify(each)))).toEqual({ valid: true });
});

describe('schemas of requests', () => {
  test('are closed', () => {
    expect(objects(requested).length).toBeGreaterThan(8);
    expect(objects(requested).filter(([, schema]) => schema.additionalProperties !== false)).toEqual([]);
  });

  test('have no `default`, which openapi-typescript treats as a required field', () => {
    expect([...requested].filter(([, schema]) => 'default' in schema)).toEqual([]);
    expect(components.TaskCreate?.required).toEqual(['title']);
    expect(components.TaskCreate?.properties?.priority).toMatchObject({
      description: expect.stringContaining('Default: `Medium`.'),
    });
  });

  test('of a batch are components with a discriminator', () => {
    const { oneOf, discriminator } = components.BatchOperation ?? {};
    const { mapping = {}, propertyName } = discriminator ?? {};
    expect(propertyName).toBe('op');
    expect(Object.values(mapping).map(($ref) => ({ $ref }))).toEqual(oneOf);
    for (const [op, reference] of Object.entries(mapping)) {
      const name = reference.replace('#/components/schemas/', '');
      expect(components[name]?.properties?.op?.const, name).toBe(op);
      expect(components[name]?.required, name).toContain('op');
    }
  });
});

describe('schemas of responses', () => {
  // Java and Go clients of openapi-generator treat an absent `additionalProperties` as `false`.
  test('allow additional fields', () => {
    expect(objects(answered).length).toBeGreaterThan(15);
    const closed = objects(answered).filter(([, { additionalProperties }]) => {
      return additionalProperties === undefined || additionalProperties === false;
    });
    expect(closed).toEqual([]);
  });

  test('are shared with requests only if they contain no object', () => {
    const shared = objects(answered).filter(([place]) => requested.has(place) && !place.includes('.'));
    expect(shared.map(([place]) => place)).toEqual([]);
  });
});

describe('all schemas', () => {
  const every = new Map([...requested, ...answered]);

  test('have enums whose members have different constants in generated clients', () => {
    const constants = Object.values(components).flatMap((schema: any) => [
      ...new Set<string>(
        schema['x-enum-varnames'] ??
          (schema.enum ?? [])
            .filter((member: unknown) => typeof member === 'string')
            .map((member: string) => member.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase()),
      ),
    ]);
    expect(constants.filter((name, index) => constants.indexOf(name) !== index)).toEqual([]);
  });

  test('name their enums', () => {
    const anonymous = [...every].filter(([place, schema]) => schema.enum && components[place] !== schema);
    expect(anonymous).toEqual([]);
    expect(Object.keys(components)).toEqual(
      expect.arrayContaining(['Status', 'Priority', 'TaskSort', 'DueFilter', 'ProblemCode', 'BatchResultStatus']),
    );
    expect(components.BatchResultStatus).toMatchObject({ type: 'integer', enum: [200, 201, 204] });
  });

  test('name their objects', () => {
    // The operation that serves the document has only one field.
    const anonymous = objects(every).filter(([place]) => !components[place] && place !== 'response');
    expect(anonymous).toEqual([]);
  });

  test('use anyOf only for named schemas, or for one schema and null', () => {
    const others = [...every].filter(([, { anyOf, oneOf }]) => {
      return [...(anyOf ?? []), ...(oneOf ?? [])].some((branch) => !branch.$ref && branch.type !== 'null');
    });
    expect(others).toEqual([]);
  });

  test('have only the limits of the API for integers', () => {
    const unbounded = [...every].filter(([, { minimum = 0, maximum = 0 }]) => {
      return Math.abs(minimum) > 2 ** 31 || Math.abs(maximum) > 2 ** 31;
    });
    expect(unbounded).toEqual([]);
  });
});

// The Java client of openapi-generator sets the token of one scheme only.
test('there is one bearer scheme', () => {
  for (const { components: each } of [document, documentWithIssuer]) {
    const schemes = Object.values(
      (each as unknown as { securitySchemes: Record<string, { scheme?: string }> }).securitySchemes,
    );
    expect(schemes.filter(({ scheme }) => scheme === 'bearer')).toHaveLength(1);
  }
});

test('a component with two definitions is an error', () => {
  const schemas = new SchemaComponents();
  const thing = z.strictObject({ name: z.string() }).meta({ id: 'Thing' });
  schemas.schemaOf(z.array(thing), 'input');
  expect(() => schemas.schemaOf(z.array(thing), 'output')).toThrow('Thing has two meanings');
});

test('only the document of a server with the embedded issuer has its endpoints', () => {
  expect(Object.keys(document.paths).filter((path) => path.startsWith('/api/auth'))).toEqual([]);
  expect(JSON.stringify(document)).not.toContain('sessionCookie');
  expect(issuerOperations.map(({ method, path }) => `${method} ${path}`)).toEqual([
    'POST /api/auth/sign-up/email',
    'POST /api/auth/sign-in/email',
    'POST /api/auth/sign-out',
    'GET /api/auth/get-session',
    'GET /api/auth/token',
    'GET /api/auth/jwks',
    'POST /api/auth/change-password',
    'POST /api/auth/update-user',
    'POST /api/auth/delete-user',
    'GET /api/auth/list-sessions',
    'POST /api/auth/revoke-session',
    'POST /api/auth/revoke-sessions',
    'POST /api/auth/revoke-other-sessions',
    'POST /api/auth/request-password-reset',
    'POST /api/auth/reset-password',
    'POST /api/auth/send-verification-email',
    'GET /api/auth/verify-email',
    'POST /api/auth/change-email',
    'POST /api/auth/sign-in/social',
    'GET /api/auth/callback/google',
    'GET /api/auth/callback/github',
    'POST /api/auth/two-factor/enable',
    'POST /api/auth/two-factor/verify-totp',
    'POST /api/auth/two-factor/verify-backup-code',
    'POST /api/auth/two-factor/generate-backup-codes',
    'POST /api/auth/two-factor/disable',
  ]);
});
