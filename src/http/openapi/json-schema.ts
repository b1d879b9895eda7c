/** JSON Schemas of the OpenAPI document, in a form that client generators support with their default settings. */
import { z } from 'zod';

export type Json = Record<string, unknown>;

/** `input` for requests, `output` for responses. */
export type Direction = 'input' | 'output';

/** The schemas in `#/components/schemas`, by name. */
export class SchemaComponents {
  readonly schemas: Record<string, Json> = {};

  /**
   * Converts a schema to JSON Schema 2020-12, the dialect of OpenAPI 3.1. Schemas with an id become components.
   *
   * @throws Error if two uses of a component differ, for example in a request and a response
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
      throw new Error(
        `the component ${id} has two meanings; use different ids for the schemas of requests and responses`,
      );
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
 * Responses can gain fields. Java and Go clients of openapi-generator interpret an absent `additionalProperties` as
 * `false`, and fail on unknown fields.
 */
function open(schema: Json): Json {
  return schema.additionalProperties === false ? { ...schema, additionalProperties: true } : schema;
}

/** openapi-typescript makes a property with a default required. The default moves to the description. */
function withoutDefault({ default: fallback, ...schema }: Json): Json {
  if (fallback === undefined) return schema;
  const sentence = `Default: \`${typeof fallback === 'string' ? fallback : JSON.stringify(fallback)}\`.`;
  return { ...schema, description: schema.description ? `${schema.description} ${sentence}` : sentence };
}

/** `type: [string, null]` instead of a choice of two schemas, for which some generators create a separate type. */
function withoutNullBranch(schema: Json): Json {
  const { anyOf, ...rest } = schema;
  if (!Array.isArray(anyOf) || anyOf.length !== 2) return schema;
  const [own, other] = anyOf as [Json, Json];
  if (other.type !== 'null' || typeof own.type !== 'string') return schema;
  return { ...own, ...rest, type: [own.type, 'null'] };
}

/** Removes zod's bounds of safe integers, which are no rule of this API. */
function withoutIntegerBounds(schema: Json): Json {
  const { minimum, maximum, ...rest } = schema;
  if (schema.type !== 'integer') return schema;
  return {
    ...rest,
    ...(minimum !== Number.MIN_SAFE_INTEGER && minimum !== undefined && { minimum }),
    ...(maximum !== Number.MAX_SAFE_INTEGER && maximum !== undefined && { maximum }),
  };
}
