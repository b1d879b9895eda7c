/** Generator of JSON values from a JSON Schema: random valid ones, and invalid ones with the place of their error. */
import fc from 'fast-check';
import { document } from '../support/document.ts';

export type Schema = Readonly<Record<string, unknown>> & {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
};

/** A value that a schema does not allow, and the JSON pointer to the error. */
export interface Spoilt {
  readonly value: unknown;
  readonly pointer: string;
}

const known = new Set([
  ...['$ref', 'type', 'enum', 'const', 'anyOf', 'oneOf', 'properties', 'required', 'additionalProperties', 'items'],
  ...['minLength', 'maxLength', 'minimum', 'maximum', 'minItems', 'maxItems', 'pattern', 'format'],
  ...['description', 'example', 'examples', 'discriminator', 'x-enum-varnames'],
]);

/** Rules between the members of an object, which the schemas do not express. */
const between: Readonly<Record<string, (value: any) => unknown>> = {
  DueInput: ({ time_zone, ...due }) =>
    due.time === undefined || time_zone === undefined ? due : { ...due, time_zone },
  // The siblings before and after do not exist.
  TaskListMove: ({ to = 'start' }) => ({ to }),
  // All members or none, so that the result of a merge is valid.
  DuePatch: ({ date = '2026-12-01', time = null, time_zone = null }) => ({
    date,
    time,
    time_zone: time === null ? null : time_zone,
  }),
  // A sibling would have to exist.
  TaskMove: ({ before: _, after: __, to = 'end', ...place }) => ({ ...place, to }),
  TaskCreate: ({ status, ...task }) => datedIfRecurring({ ...task, ...(status && status !== 'Done' && { status }) }),
  TaskReplace: datedIfRecurring,
  // Another operation of a batch can have set the other members.
  TaskPatch: (patch) => datedIfRecurring({ ...patch, ...(patch.due === null && { recurrence: null }) }),
  CreateResourceOperation: fieldsOfType({ task: { title: 'x' }, list: { name: 'x' } }),
  ReplaceResourceOperation: fieldsOfType({ task: { title: 'x' }, list: { name: 'x' } }),
  UpdateResourceOperation: fieldsOfType({ task: {}, list: {} }),
  MoveResourceOperation: fieldsOfType({ task: { to: 'end' }, list: { to: 'end' } }),
  DeleteResourceOperation: ({ tasks, ...operation }) => ({
    ...operation,
    ...(operation.type === 'list' && tasks && { tasks }),
  }),
  RecurrencePatch: ({ rule = 'FREQ=DAILY', ...others }) => ({ rule, ...others }),
};

/** A recurrence requires a due date. */
function datedIfRecurring({ due, ...task }: any): unknown {
  const needsDue = task.recurrence && !due;
  return { ...task, ...((due !== undefined || needsDue) && { due: needsDue ? { date: '2026-12-01' } : due }) };
}

/** An operation on a resource has the fields of its type only. */
function fieldsOfType(defaults: Readonly<Record<string, object>>) {
  return ({ type, ...operation }: any): unknown => {
    const others = Object.entries(operation).filter(([name]) => !(name in defaults));
    return { type, ...Object.fromEntries(others), [type]: operation[type] ?? defaults[type] };
  };
}

/** A value of an object that satisfies the rules between the members of a named schema. */
export function withRules(name: string, value: object): object {
  return (between[name]?.(value) ?? value) as object;
}

/** Members that are null or the id of another resource, which must exist. */
const references = new Set(['list_id', 'parent_id']);

const formats: Readonly<Record<string, { good: fc.Arbitrary<string>; bad: readonly string[] }>> = {
  uuid: {
    good: fc.uuid(),
    bad: ['', 'x', '0193A5B0-7E5C-7B21-9C4E-2F6D1A8B3C4D', '0193a5b07e5c7b219c4e2f6d1a8b3c4d', '\u0000'],
  },
  date: {
    good: fc.date({ min: new Date('1900-01-01'), max: new Date('9999-12-30'), noInvalidDate: true }).map(day),
    bad: ['', 'today', '2026-02-30', '2026-2-3', '0000-01-01', '10000-01-01', '2026-12-01T00:00:00Z', 'infinity'],
  },
  'date-time': {
    good: fc
      .date({ min: new Date('0001-01-03T00:00:00Z'), max: new Date('9999-12-29T00:00:00Z'), noInvalidDate: true })
      .map((date) => date.toISOString()),
    bad: ['', 'now', '2026-12-01', '2026-12-01T24:00:00Z', '2026-12-01T10:00:60Z', '2026-02-30T10:00:00Z', '-infinity'],
  },
};

/** @param materials the ids and free texts to use; others are random */
export function valuesOf(
  schema: Schema,
  materials: { readonly ids?: readonly string[]; readonly texts?: readonly string[] } = {},
): fc.Arbitrary<unknown> {
  const unknown = Object.keys(schema).filter((keyword) => !known.has(keyword));
  if (unknown.length > 0) throw new Error(`teach this generator what ${unknown.join(', ')} means in a schema`);
  const name = nameOf(schema);
  if (name) return valuesOf(resolved(schema), materials).map(between[name] ?? ((value) => value));
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...(schema.enum as unknown[]));
  const branches = branchesOf(schema);
  if (branches) return fc.oneof(...branches.map((branch) => valuesOf(branch, materials)));
  switch (schema.type) {
    case 'null':
      return fc.constant(null);
    case 'boolean':
      return fc.boolean();
    case 'integer':
      return fc.integer({ min: Number(schema.minimum), max: Math.min(Number(schema.maximum), 5) });
    case 'array':
      return fc.array(valuesOf(schema.items as Schema, materials), {
        minLength: Number(schema.minItems ?? 0),
        maxLength: Math.min(Number(schema.maxItems), 3),
      });
    case 'object':
      return fc.record(
        Object.fromEntries(
          Object.entries(schema.properties ?? {}).map(([key, each]) => [
            key,
            references.has(key) ? fc.constant(null) : valuesOf(each, materials),
          ]),
        ),
        { requiredKeys: (schema.required ?? []) as string[] },
      );
    case 'string': {
      if (schema.format === 'uuid' && materials.ids) return fc.constantFrom(...materials.ids);
      const format = formats[String(schema.format)];
      if (format) return format.good;
      if (schema.pattern) return fc.stringMatching(new RegExp(String(schema.pattern)));
      if (schema.maxLength === undefined) return exampleOf(schema);
      if (materials.texts) return fc.constantFrom(...materials.texts);
      return freeText(Number(schema.minLength ?? 0), Number(schema.maxLength));
    }
    default:
      throw new Error(`teach this generator the schema ${JSON.stringify(schema)}`);
  }
}

/** All variants of a valid value with one error, in each of its places. */
export function* spoil(schema: Schema, value: unknown, pointer = ''): Generator<Spoilt> {
  if (nameOf(schema)) {
    yield* spoil(resolved(schema), value, pointer);
    return;
  }
  const branches = branchesOf(schema);
  if (branches) {
    yield* spoilBranch(branches, value, pointer);
    return;
  }
  yield* othersOf(schema).map((other) => ({ value: other, pointer }));
  if (Array.isArray(value)) yield* spoilArray(schema, value, pointer);
  else if (typeof value === 'object' && value !== null) yield* spoilObject(schema, value as Members, pointer);
}

type Members = Readonly<Record<string, unknown>>;

/** Values of another type, or outside the bounds of a schema. */
function othersOf(schema: Schema): unknown[] {
  const types = {
    string: ['1', 'x'],
    number: [1, 1.5, -1],
    boolean: [true],
    object: [{}],
    array: [[], ['x']],
    null: [null],
  };
  const own = schema.type === 'integer' ? 'number' : schema.type;
  const others: unknown[] = Object.entries(types).flatMap(([type, values]): unknown[] => (type === own ? [] : values));
  if (schema.enum || schema.const) return [...others, '', 'x', `${(schema.enum as string[])?.[0] ?? schema.const} `];
  if (schema.type === 'integer') return [...others, 1.5, Number(schema.minimum) - 1, Number(schema.maximum) + 1];
  if (schema.type !== 'string') return others;
  const { format, pattern, maxLength, minLength } = schema;
  if (format) return [...others, ...(formats[String(format)]?.bad ?? [])];
  // A text without bounds is one of a list that the schema does not contain, for example a time zone.
  if (pattern || maxLength === undefined) return [...others, '', 'x', '\u0000'];
  const texts = ['a\u0000b', 'a\ud800', 'x'.repeat(Number(maxLength) + 1), '\u{1f600}'.repeat(Number(maxLength) + 1)];
  return [...others, ...texts, ...(minLength ? ['', ' \t\n', 'a\u001bb'] : [])];
}

function* spoilArray(schema: Schema, value: readonly unknown[], pointer: string): Generator<Spoilt> {
  const items = schema.items as Schema;
  if (schema.minItems) yield { value: [], pointer };
  if (value.length > 0) yield { value: Array(Number(schema.maxItems) + 1).fill(value[0]), pointer };
  for (const [index, item] of value.entries()) {
    for (const spoilt of spoil(items, item, `${pointer}/${index}`)) {
      yield { ...spoilt, value: value.with(index, spoilt.value) };
    }
  }
}

function* spoilObject(schema: Schema, value: Members, pointer: string): Generator<Spoilt> {
  for (const key of ['unknown', 'owner_id', '__proto__', 'constructor', 'toString', 'a/b~c', '']) {
    const escaped = key.replaceAll('~', '~0').replaceAll('/', '~1');
    yield { value: Object.fromEntries([...Object.entries(value), [key, 1]]), pointer: `${pointer}/${escaped}` };
  }
  for (const key of (schema.required ?? []) as string[]) {
    const { [key]: _, ...rest } = value;
    yield { value: rest, pointer: `${pointer}/${key}` };
  }
  for (const [key, member] of Object.entries(value)) {
    for (const spoilt of spoil(schema.properties?.[key] as Schema, member, `${pointer}/${key}`)) {
      yield { ...spoilt, value: { ...value, [key]: spoilt.value } };
    }
  }
}

/** Invalid values for the branch of a value, except those that another branch allows. */
function* spoilBranch(branches: readonly Schema[], value: unknown, pointer: string): Generator<Spoilt> {
  const isNullable = branches.some(({ type }) => type === 'null');
  const own = branches.map(resolved).find((branch) => isOf(branch, value)) as Schema;
  if (value === null) {
    yield { value: 7, pointer };
    return;
  }
  for (const spoilt of spoil(own, value, pointer)) {
    if (!(isNullable && spoilt.value === null)) yield spoilt;
  }
}

function isOf({ type, properties = {} }: Schema, value: unknown): boolean {
  if (type === 'null' || value === null) return type === 'null' && value === null;
  const fixed = Object.entries(properties).filter(([, each]) => each.const !== undefined);
  return fixed.every(([key, each]) => (value as Members)[key] === each.const);
}

function branchesOf(schema: Schema): Schema[] | undefined {
  // For example `type: [string, null]`.
  if (Array.isArray(schema.type)) return schema.type.map((type) => (type === 'null' ? { type } : { ...schema, type }));
  return (schema.anyOf ?? schema.oneOf) as Schema[] | undefined;
}

/** The name of the component that a schema refers to. */
export function nameOf({ $ref }: Schema): string | undefined {
  return ($ref as string | undefined)?.replace('#/components/schemas/', '');
}

/** The schema itself, or the component that it refers to. */
export function resolved(schema: Schema): Schema {
  const name = nameOf(schema);
  return name ? (document.components.schemas[name] as Schema) : schema;
}

/** For a text without other keywords in its schema. */
function exampleOf(schema: Schema): fc.Arbitrary<unknown> {
  const [example] = [schema.example, ...((schema.examples ?? []) as unknown[])].filter((each) => each !== undefined);
  if (example === undefined) throw new Error(`give an example, or bounds, for ${JSON.stringify(schema)}`);
  return fc.constant(example);
}

/** Any text that can be stored on one line and that trimming does not change. */
function freeText(minLength: number, maxLength: number): fc.Arbitrary<string> {
  const character = fc.oneof(
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
    fc.constantFrom('%', "'", '"', '\\'),
  );
  return (
    fc
      .array(character, { minLength, maxLength: Math.min(maxLength, 20) })
      .map((characters) =>
        [...characters.join('')]
          .slice(0, maxLength)
          .join('')
          .replaceAll(/\p{Cc}/gu, '')
          .trim(),
      )
      // A text of marks alone is blank.
      .filter((text) => (minLength === 0 ? true : /[^\p{M}\p{Default_Ignorable_Code_Point}]/u.test(text)))
  );
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}
