/** What must hold when nothing fails any more: all devices have the state of the server. */
import { isEqual } from '../src/offline/merge-patch.ts';
import { keyOf } from '../src/offline/operation.ts';
import { View } from '../src/offline/view.ts';
import type { Device } from './device.ts';
import { type DeviceChecks, Violation } from './invariants.ts';
import { inOrder } from './model-order.ts';
import type { SimulatedServer } from './server.ts';
import type { Tab } from './tab.ts';

export interface Everything {
  readonly server: SimulatedServer;
  readonly devices: ReadonlyMap<Device, DeviceChecks>;
  readonly tabs: readonly Tab[];
  /** Whether no event waits, except for timers. */
  readonly isIdle: boolean;
}

/** Why the devices are not settled yet; undefined if they are. */
export function unsettled({ server, devices, tabs, isIdle }: Everything): string | undefined {
  for (const { name, durable } of devices.keys()) {
    if (durable.queue.some(({ problem }) => !problem)) return `${name} has pending operations`;
    if (durable.answers.size > 0) return `${name} has answers that no change has confirmed`;
    if (durable.cursor === null || server.stateAt(durable.cursor) !== server.state) {
      return `${name} is at the cursor ${durable.cursor}`;
    }
  }
  const open = tabs.filter(({ isDead }) => !isDead);
  const opening = open.find(({ store }) => !store);
  if (opening) return `${opening.name} is not open`;
  if (!isIdle) return 'there are events';
  // A tab learns of the last commit of a tab that has crashed when it looks at the storage.
  return open
    .flatMap((tab) => [difference(tab.name, shownBy(tab), liveOf(server)), orderDifference(tab, server)])
    .find((found) => found);
}

/** @throws Violation */
export function checkSettled({ server, devices }: Everything): void {
  for (const [{ name, durable }, checks] of devices) {
    const view = new View(durable, server.userId);
    const found = difference(name, [...view.all('task'), ...view.all('list')], liveOf(server));
    if (found) throw new Violation(found);
    checkReported(name, checks, server);
  }
}

function liveOf({ state }: SimulatedServer): object[] {
  return [...state.values()].flatMap(({ resource }) => resource ?? []);
}

function shownBy({ store }: Tab): object[] {
  return store ? [...store.tasks.query().get(), ...store.lists.query().get()] : [];
}

/** Every operation that was stored was executed, or rejected. */
function checkReported(name: string, checks: DeviceChecks, server: SimulatedServer): void {
  for (const operation of checks.stored.values()) {
    const isExecuted = server.executions.has(operation.key) || checks.facts.hasKnown(keyOf(operation));
    if (!isExecuted && !operation.problem) throw new Violation(`${name}: an operation is lost`);
  }
}

/** All tabs show tasks and lists in the order of the server. */
function orderDifference({ name, store }: Tab, { state }: SimulatedServer): string | undefined {
  const live = [...state.values()].flatMap(({ type, resource }) => (resource ? [{ type, ...resource }] : []));
  const expected = live.sort((one, other) => inOrder(one, other)).map(({ type, id }) => `${type} ${id}`);
  const shown = [
    ...(store?.tasks.query().get() ?? []).map(({ id }) => `task ${id}`),
    ...(store?.lists.query().get() ?? []).map(({ id }) => `list ${id}`),
  ];
  const sorted = ['task', 'list'].flatMap((type) => expected.filter((each) => each.startsWith(type)));
  return isEqual(shown, sorted) ? undefined : `${name} shows the order ${shown} instead of ${sorted}`;
}

function difference(name: string, shown: readonly object[], live: readonly object[]): string | undefined {
  // The number of tasks is no change of a list.
  const text = (resource: object) => JSON.stringify({ ...resource, task_count: undefined });
  const texts = (resources: readonly object[]) => resources.map(text).sort();
  const [found, expected] = [texts(shown), texts(live)];
  if (found.length === expected.length && found.every((each, index) => each === expected[index])) return undefined;
  const extra = found.filter((each) => !expected.includes(each));
  const missing = expected.filter((each) => !found.includes(each));
  return `${name} differs from the server. Only there: ${extra}. Missing: ${missing}`;
}
