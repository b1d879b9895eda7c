/**
 * TypeScript types of the client package, printed from the OpenAPI document.
 *
 * It prints the schemas that the operations under `/api/v1` use, and one interface with those operations. It rejects
 * keywords that it does not know, so that no type silently allows more or less than the schema.
 */

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean;
  readonly description?: string;
}

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema: Schema }>>;
}

interface OperationObject {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly parameters: readonly (Schema & { name: string; in: string; required: boolean; schema: Schema })[];
  readonly requestBody?: Content;
  readonly responses: Readonly<Record<string, Content>>;
}

export interface DescribedApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, OperationObject>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

/** The operations that the client covers. Health checks, documentation and the embedded issuer are not among them. */
const coveredPaths = /^\/api\/v1\//;

/** Keywords that decide the type. */
const structural = ['$ref', 'type', 'const', 'enum', 'oneOf', 'anyOf', 'items', 'properties', 'required'];

/** Keywords that a TypeScript type cannot express, or that only explain. */
const ignored = [
  ...['additionalProperties', 'default', 'description', 'discriminator', 'example', 'examples', 'format'],
  ...['maxItems', 'maxLength', 'maximum', 'minItems', 'minLength', 'minimum', 'pattern', 'x-enum-varnames'],
];

const known = new Set([...structural, ...ignored]);

/**
 * The text of the module with the types.
 *
 * @throws Error if a schema has an unknown keyword, or if two successful responses differ in an unknown way
 */
export function clientTypes({ paths, components }: DescribedApi): string {
  const operations = Object.entries(paths)
    .filter(([path]) => coveredPaths.test(path))
    .flatMap(([path, methods]) => Object.entries(methods).map(([method, each]) => printOperation(path, method, each)));
  const printed = `export interface Operations {\n${operations.join('\n')}\n}\n`;
  const types = [...reachableNames(['Problem', ...namesIn(printed)])].sort().map((name) => component(name));
  return [
    '/** Types of the API. Written by `npm run docs:generate` from the OpenAPI document. */',
    ...types,
    `/** The operations: their method, path, query parameters, body and result. */\n${printed}`,
  ].join('\n\n');

  function namesIn(text: string): string[] {
    const withoutComments = text.replaceAll(/^ *\/\*\*.*$/gm, '');
    return (withoutComments.match(/\b[A-Z]\w+\b/g) ?? []).filter((name) => name in components.schemas);
  }

  function reachableNames(start: readonly string[]): Set<string> {
    const names = new Set<string>();
    const visit = (name: string) => {
      if (names.has(name)) return;
      names.add(name);
      // Descriptions may contain names of schemas, too.
      const references = JSON.stringify(components.schemas[name]).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g);
      for (const [, reference = ''] of references) visit(reference);
    };
    start.forEach(visit);
    return names;
  }

  function component(name: string): string {
    const schema = components.schemas[name] as Schema;
    const comment = documentation(schema.description, '');
    return schema.properties
      ? `${comment}export interface ${name} ${typeOf(schema)}`
      : `${comment}export type ${name} = ${typeOf(schema)};`;
  }
}

function printOperation(path: string, method: string, operation: OperationObject): string {
  const { operationId, summary, description, parameters, requestBody, responses } = operation;
  const query = parameters.filter((parameter) => parameter.in === 'query').map(queryParameter);
  const results = Object.entries(responses)
    .filter(([status]) => status.startsWith('2'))
    .map(([, { content }]) => (content ? contentType(content, '    ') : 'void'));
  return [
    `${documentation(description ? `${summary}. ${description}` : `${summary}.`, '  ')}  ${operationId}: {`,
    `    method: '${method.toUpperCase()}';`,
    `    path: ${path.includes('{') ? `\`${path.replaceAll(/\{\w+\}/g, '$${string}')}\`` : `'${path}'`};`,
    `    query: ${query.length > 0 ? `{\n${query.join('\n')}\n    }` : 'undefined'};`,
    `    body: ${requestBody?.content ? contentType(requestBody.content, '    ') : 'undefined'};`,
    `    result: ${[...new Set(results)].join(' | ')};`,
    '  };',
  ].join('\n');
}

/** A repeatable parameter also accepts one value. */
function queryParameter({ name, required, description, schema }: OperationObject['parameters'][number]): string {
  const type = schema.items
    ? `${typeOf(schema.items, '      ')} | readonly ${grouped(typeOf(schema.items, '      '))}[]`
    : typeOf(schema, '      ');
  return `${documentation(description, '      ')}      ${name}${required ? '' : '?'}: ${type}${required ? '' : ' | undefined'};`;
}

function contentType(content: NonNullable<Content['content']>, indent: string): string {
  const types = Object.values(content).map(({ schema }) => typeOf(schema, indent));
  return [...new Set(types)].join(' | ');
}

function typeOf(schema: Schema, indent = ''): string {
  const unknown = Object.keys(schema).filter((keyword) => !known.has(keyword));
  if (unknown.length > 0) throw new Error(`scripts/client-types.ts does not know the keyword ${unknown.join(', ')}`);
  if (schema.$ref) return schema.$ref.replace('#/components/schemas/', '');
  if ('const' in schema) return literal(schema.const);
  if (schema.enum) return schema.enum.map(literal).join(' | ');
  const alternatives = schema.oneOf ?? schema.anyOf;
  if (alternatives) return alternatives.map((each) => typeOf(each, indent)).join(' | ');
  return [schema.type ?? []]
    .flat()
    .map((type) => primitive(type, schema, indent))
    .join(' | ');
}

function primitive(type: string, schema: Schema, indent: string): string {
  if (type === 'integer' || type === 'number') return 'number';
  if (type === 'string' || type === 'boolean' || type === 'null') return type;
  if (type === 'array' && schema.items) return `${grouped(typeOf(schema.items, indent))}[]`;
  if (type === 'object' && schema.properties) return objectType(schema, indent);
  throw new Error(`scripts/client-types.ts does not know the type ${JSON.stringify(schema)}`);
}

/**
 * Only objects of requests are closed. Their optional properties may be undefined, because JSON omits these. Objects of
 * responses have no index signature, so that a misspelled property is an error.
 */
function objectType({ properties = {}, required = [], additionalProperties }: Schema, indent: string): string {
  const isRequest = additionalProperties === false;
  const lines = Object.entries(properties).map(([name, property]) => {
    const isOptional = !required.includes(name);
    const type = typeOf(property, `${indent}  `);
    const comment = documentation(property.description, `${indent}  `);
    return `${comment}${indent}  ${name}${isOptional ? '?' : ''}: ${type}${isOptional && isRequest ? ' | undefined' : ''};`;
  });
  return `{\n${lines.join('\n')}\n${indent}}`;
}

function literal(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : JSON.stringify(value);
}

function grouped(type: string): string {
  return type.includes('|') ? `(${type})` : type;
}

function documentation(text: string | undefined, indent: string): string {
  return text ? `${indent}/** ${text.replaceAll('*/', '*\\/')} */\n` : '';
}
