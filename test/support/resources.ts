/** The resources of the API, found in the OpenAPI document: a new resource becomes a part of the generated tests. */
import fc from 'fast-check';
import { nameOf, resolved, type Schema, valuesOf, withRules } from '../security/values-from-schema.ts';
import type { Answer, Client } from './api.ts';
import { documentedOperations } from './document.ts';

interface Resource {
  /** The path of the list, which creates a resource by POST. Its members are below it. */
  readonly collection: string;
  /** The schema of a new resource, and its name. */
  readonly schema: Schema;
  readonly schemaName: string;
}

/** Clients choose the ids of resources and replace them, unlike those of API tokens. */
export const resources: readonly Resource[] = documentedOperations
  .filter(
    ({ method, path }) =>
      method === 'POST' && documentedOperations.some((each) => each.path === `${path}/{id}` && each.method === 'PUT'),
  )
  .map(({ path, operation }) => {
    const schema = operation.requestBody?.content['application/json']?.schema as Schema;
    return { collection: path, schema: resolved(schema), schemaName: nameOf(schema) ?? '' };
  });

export interface FieldOptions {
  /** Whether the body has the required fields only. */
  readonly isMinimal?: boolean;
}

/** The fields of a resource, with the same text in every field for free text. */
export function fieldsOf(
  { schema, schemaName }: Resource,
  text: string,
  { isMinimal = false }: FieldOptions = {},
): object {
  const required = (schema.required ?? []) as string[];
  const names = Object.keys(schema.properties ?? {}).filter(
    (name) => name !== 'id' && (!isMinimal || required.includes(name)),
  );
  const values = names.map((name) => {
    const [value] = fc.sample(valuesOf(schema.properties?.[name] as Schema, { texts: [text] }), {
      numRuns: 1,
      seed: 1,
    });
    return [name, value];
  });
  return withRules(schemaName, Object.fromEntries(values));
}

/** Creates one resource of each kind, all with this id. */
export function createEach(client: Client, id: string, text: string, options?: FieldOptions): Promise<Answer[]> {
  return forEach((resource) => client.post(resource.collection, { id, ...fieldsOf(resource, text, options) }));
}

/** Replaces the resource of each kind that has this id. */
export function replaceEach(client: Client, id: string, text: string, options?: FieldOptions): Promise<Answer[]> {
  return forEach((resource) => client.put(`${resource.collection}/${id}`, fieldsOf(resource, text, options)));
}

/** Deletes the resource of each kind that has this id. */
export function deleteEach(client: Client, id: string): Promise<Answer[]> {
  return forEach(({ collection }) => client.delete(`${collection}/${id}`));
}

async function forEach(send: (resource: Resource) => Promise<Answer>): Promise<Answer[]> {
  const answers: Answer[] = [];
  // In order, because the writes of one user wait for each other anyway.
  for (const resource of resources) answers.push(await send(resource));
  return answers;
}
