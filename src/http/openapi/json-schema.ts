/** JSON Schemas of the OpenAPI document, in the form that generators of clients understand with their default settings. */
import { z } from 'zod';

export type Json = Record<string, unknown>;

/** `input` is what a client sends, `output` is what it receives. */
export type Direction = 'input' | 'output';

/** The schemas below `#/components/schemas`, by name. */
export class SchemaComponents {
  readonly schemas: Record<string, Json> = {};

  /**
   * A schema as JSON Schema 2020-12, which OpenAPI 3.1 uses; those with an id move to the components.
   *
   * @throws Error if a component differs between its uses, for example between a request and a response
   */
  schemaOf(schema: z.ZodType, direction: Direction): Json {
    const {
      $schema: _,
      $defs: definitions = {},
      ...json
    } = z.toJSONSchema(schema, { io: direction, unrepresentable: 'any' });
    for (const [id, definition] of Object.entries(definitions)) this.#add(id, adapt(definition as Json, direction));
    return adapt(json, direction);
  }

  #add(id: string, definition: Json): void {
    const known = this.schemas[id];
    if (known && JSON.stringify(known) !== JSON.stringify(definition)) {
      throw new Error(`the component ${id} has two meanings; give the schemas of requests and responses different ids`);
    }
    this.schemas[id] = definition;
  }
}

function adapt(json: Json, direction: Direction): Json {
  const withReferences = JSON.stringify(json).replaceAll('#/$defs/', '#/components/schemas/');
  return JSON.parse(withReferences, (_key, value) => (isSchema(value) ? adaptSchema(value, direction) : value)) as Json;
}

function isSchema(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && ('type' in value || '$ref' in value || 'anyOf' in value);
}

function adaptSchema(schema: Json, direction: Direction): Json {
  const adapted = withoutIntegerBounds(withoutNullBranch(schema));
  return direction === 'input' ? withoutDefault(adapted) : open(adapted);
}

/**
 * Responses may gain fields. Java and Go clients of openapi-generator fail on an unknown field unless this is said: they
 * take an absent `additionalProperties` for `false`.
 */
function open(schema: Json): Json {
  return schema.additionalProperties === false ? { ...schema, additionalProperties: true } : schema;
}

/** openapi-typescript makes a property with a default required, so the default is part of the description. */
function withoutDefault({ default: fallback, ...schema }: Json): Json {
  if (fallback === undefined) return schema;
  const sentence = `Default: \`${typeof fallback === 'string' ? fallback : JSON.stringify(fallback)}\`.`;
  return { ...schema, description: schema.description ? `${schema.description} ${sentence}` : sentence };
}

/** `type: [string, null]` instead of a choice of two schemas, which some generators make a type of its own. */
function withoutNullBranch(schema: Json): Json {
  const { anyOf, ...rest } = schema;
  if (!Array.isArray(anyOf) || anyOf.length !== 2) return schema;
  const [own, other] = anyOf as [Json, Json];
  if (other.type !== 'null' || typeof own.type !== 'string') return schema;
  return { ...own, ...rest, type: [own.type, 'null'] };
}

/** zod bounds each integer by what a double can hold, which is no rule of this API. */
function withoutIntegerBounds(schema: Json): Json {
  const { minimum, maximum, ...rest } = schema;
  if (schema.type !== 'integer') return schema;
  return {
    ...rest,
    ...(minimum !== Number.MIN_SAFE_INTEGER && minimum !== undefined && { minimum }),
    ...(maximum !== Number.MAX_SAFE_INTEGER && maximum !== undefined && { maximum }),
  };
}
