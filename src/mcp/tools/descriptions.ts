/** The tools as agents receive them, with JSON Schemas of their arguments and results. */
import { z } from 'zod';
import { undo } from './history.ts';
import type { Tool } from './tool.ts';

type Json = Readonly<Record<string, unknown>>;

export interface ToolDescription {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly inputSchema: ObjectSchema;
  readonly outputSchema: ObjectSchema;
  readonly annotations: {
    readonly readOnlyHint: boolean;
    readonly destructiveHint: boolean;
    readonly idempotentHint: boolean;
    readonly openWorldHint: false;
  };
}

interface ObjectSchema {
  readonly type: 'object';
  readonly [keyword: string]: unknown;
}

/** Keywords of OpenAPI, and keywords that agents do not need. */
const ignored = new Set(['$schema', '$defs', 'id', 'example', 'examples', 'x-enum-varnames']);

/**
 * The description of a tool. Every write can be undone, so none is destructive, except for the undo of an addition on a server
 * without a trash.
 */
export function describeTool(tool: Tool, hasTrash: boolean): ToolDescription {
  return {
    name: tool.name,
    title: tool.title,
    description: tool.description,
    inputSchema: jsonSchemaOf(tool.input, 'input'),
    outputSchema: jsonSchemaOf(tool.output, 'output'),
    annotations: {
      readOnlyHint: tool.scope === 'tasks:read',
      destructiveHint: tool === undo && !hasTrash,
      idempotentHint: tool.isIdempotent,
      openWorldHint: false,
    },
  };
}

/** A schema without references, which some agents do not resolve. */
function jsonSchemaOf(schema: z.ZodObject, io: 'input' | 'output'): ObjectSchema {
  const json = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Json;
  const definitions = (json.$defs ?? {}) as Json;
  return resolved(json, definitions) as unknown as ObjectSchema;
}

/** A schema, or a list of schemas. The keys of `properties` are names and no keywords. */
function resolved(value: unknown, definitions: Json): unknown {
  if (Array.isArray(value)) return value.map((each) => resolved(each, definitions));
  if (typeof value !== 'object' || value === null) return value;
  const { $ref, properties, ...keywords } = value as Json;
  const target = typeof $ref === 'string' ? definitions[$ref.replace('#/$defs/', '')] : undefined;
  const own = Object.entries(keywords).filter(([name]) => !ignored.has(name));
  return {
    ...(target !== undefined && (resolved(target, definitions) as Json)),
    ...Object.fromEntries(own.map(([name, each]) => [name, resolved(each, definitions)])),
    ...(properties !== undefined && {
      properties: Object.fromEntries(
        Object.entries(properties as Json).map(([name, each]) => [name, resolved(each, definitions)]),
      ),
    }),
  };
}
