/** Places before the server has confirmed them: provisional positions, moves, and subtasks in the list of their parent. */
import { byPosition } from './live-query.ts';
import { fieldsOf, type Operation, type Resource } from './operation.ts';

/** Greater than the number of levels of subtasks. */
export const maxLevels = 10;

/** Numbers of this size have six digits of base 36, so texts with them are in the order of the numbers. */
const base = 36 ** 5;

/**
 * A position after all siblings, and after those of operations with smaller numbers. Positions of the server have only ASCII
 * letters and digits, which are less than `~`.
 */
export function endPosition(number: number): string {
  return `~${(base + number).toString(36)}`;
}

/** What follows a position in the next one: nothing is between them, because `!` is less than letters and digits. */
function suffixAfter(number: number): string {
  return `!${(36 * base - 1 - number).toString(36)}`;
}

/** The next state of the resources of a type: what is written, and below it what is shown. */
export class Draft {
  readonly written = new Map<string, Resource | undefined>();
  /** The resources that differ because of others, so that they must be computed again with those. */
  readonly dependent = new Set<string>();
  readonly #shown: ReadonlyMap<string, Resource>;

  constructor(shown: ReadonlyMap<string, Resource>) {
    this.#shown = shown;
  }

  get(id: unknown): Resource | undefined {
    return this.written.has(id as string) ? this.written.get(id as string) : this.#shown.get(id as string);
  }

  /** The resources that fit. */
  select(fits: (resource: Resource) => boolean): Resource[] {
    const selected: Resource[] = [];
    for (const resource of this.#shown.values()) {
      if (fits(resource) && !this.written.has(resource.id)) selected.push(resource);
    }
    for (const resource of this.written.values()) if (resource && fits(resource)) selected.push(resource);
    return selected;
  }

  /** Writes fields that follow from another resource. */
  adapt(resource: Resource, fields: Partial<Resource>): void {
    this.written.set(resource.id, { ...resource, ...fields });
    this.dependent.add(resource.id);
  }
}

interface Placed extends Resource {
  readonly position: string;
}

/** The resource at the place that the move names. It stays where it is if the sibling does not exist. */
export function moved(resource: Resource, operation: Operation, draft: Draft): Resource {
  const { before, after, to, ...destination } = fieldsOf(operation);
  const sibling = draft.get(before ?? after);
  if (!sibling && !to) return resource;
  const group = sibling && 'parent_id' in sibling && { list_id: sibling.list_id, parent_id: sibling.parent_id };
  const placed = { ...resource, ...group, ...destination, updated_at: operation.at };
  if (to === 'end') return { ...placed, position: endPosition(operation.number) };
  const siblings = draft.select((other) => other.id !== resource.id && areSiblings(other, placed)) as Placed[];
  siblings.sort(byPosition);
  const index = siblings.indexOf(sibling as Placed) + (after ? 1 : 0);
  const lower = siblings[index - 1]?.position ?? '';
  const position = lower + suffixAfter(operation.number);
  // The server, too, gives siblings with the same position another one.
  const tied = siblings.slice(Math.max(index, 0)).filter((other) => other.position === lower);
  for (const [number, other] of tied.entries()) draft.adapt(other, { position: position + endPosition(number) });
  return { ...placed, position };
}

function areSiblings(one: Resource, other: Resource): boolean {
  return one.parent_id === other.parent_id && (Boolean(one.parent_id) || one.list_id === other.list_id);
}

/** Subtasks follow their parent into another list. */
export function followParents(tasks: Draft): void {
  for (const task of tasks.select(({ parent_id }) => Boolean(parent_id))) {
    const { list_id } = topOf(task, tasks);
    if (task.list_id !== list_id) tasks.adapt(task, { list_id });
  }
}

function topOf(task: Resource, tasks: Draft): Resource {
  let top = task;
  for (let level = 0; level < maxLevels && top.parent_id; level += 1) top = tasks.get(top.parent_id) ?? top;
  return top;
}
