/** A world: one user with several devices and tabs, a network, a server, and all that goes wrong with them. */
import type { Operation } from '../src/offline/operation.ts';
import { Device } from './device.ts';
import { drawDeviceFaults, drawNetworkFaults, type NetworkFaults, noDeviceFaults, noFaults } from './faults.ts';
import { DeviceChecks, Violation } from './invariants.ts';
import { Network } from './network.ts';
import { Random } from './random.ts';
import { Scheduler } from './scheduler.ts';
import type { CreateServer, ServerRequest, SimulatedServer } from './server.ts';
import { ServerFacts } from './server-facts.ts';
import { checkSettled, type Everything, unsettled } from './settled.ts';
import { Tab } from './tab.ts';

const tokenLifetimeMs = 15 * 60_000;
/** Requests of a device that is offline before its pauses are long: the sender and the reader double them from 250 ms. */
const maxQuickRequests = 16;

const dayMs = 24 * 3_600_000;

/** Steps within which all devices must have the server's state when nothing fails any more. */
const maxQuietSteps = 20_000;

export class World {
  readonly scheduler: Scheduler;
  readonly #random: Random;
  /** The probability that a step is one of the user or a fault, and not an event that waits. */
  readonly #disturbance: number;
  readonly #server: SimulatedServer;
  readonly #facts: ServerFacts;
  readonly #network: Network;
  readonly #faults: NetworkFaults = { ...noFaults };
  readonly #devices: Device[] = [];
  readonly #checks = new Map<Device, DeviceChecks>();
  #tabs: Tab[] = [];
  #failure: unknown;
  #markers = 0;
  #requests = 0;
  #opened = 0;
  /** The requests of devices that are offline, since the user or a tab has last caused one. */
  readonly #outages = new Map<Device, { readonly since: number; requests: number }>();
  /** Milliseconds that have passed without the timers in between. */
  #skippedMs = 0;
  #changes = 0;
  /** What allows requests: steps of the user, changes, faults, new tabs. */
  #causes = 0;
  #changed: (() => void)[] = [];

  constructor(seed: number, createServer: CreateServer, keepLines = 0) {
    this.#random = new Random(seed);
    this.#disturbance = 0.05 + 0.4 * this.#random.next();
    this.scheduler = new Scheduler(this.#random, keepLines);
    this.#server = createServer({
      random: this.#random,
      now: () => this.scheduler.now,
      onExecute: (key) => this.#guard(() => this.#checkExecution(key)),
    });
    this.#facts = new ServerFacts(this.#server);
    this.#network = new Network({
      scheduler: this.scheduler,
      random: this.#random,
      server: this.#server,
      faults: this.#faults,
      newToken: () => String(this.scheduler.now + (this.#random.chance(0.3) ? 0 : tokenLifetimeMs)),
      onRequest: (device, request) => {
        this.#requests += 1;
        this.#guard(() => this.#checkPauses(device));
        this.#guard(() => checkUser(device, request));
      },
      changed: () => new Promise((resolve) => this.#changed.push(resolve)),
    });
    for (const name of ['phone', 'laptop']) this.#addDevice(name);
  }

  /** Lets something happen. @throws Violation */
  async step(): Promise<void> {
    if (this.#random.chance(this.#disturbance)) await this.#disturb();
    else await this.scheduler.step();
    this.#afterStep();
  }

  /** Nothing fails any more, except for tabs that crash. All devices must reach the state of the server. @throws Violation */
  async settle(): Promise<number> {
    Object.assign(this.#faults, noFaults);
    for (const device of this.#devices) {
      Object.assign(device.faults, noDeviceFaults);
      device.isOnline = true;
      if (device.isOfOtherUser) this.#changeUser(device);
    }
    const steps = await this.#becomeQuiet();
    for (const device of this.#devices) {
      device.doomed = this.#random.pick(this.#tabs.filter((tab) => tab.device === device && !tab.isDead));
      this.#letUserAct(device.doomed as Tab);
    }
    return steps + (await this.#becomeQuiet());
  }

  /** @returns the number of steps */
  async #becomeQuiet(): Promise<number> {
    for (let step = 1; step <= maxQuietSteps; step += 1) {
      for (const device of this.#devices) if (!this.#hasTab(device)) this.#openTab(device);
      await this.scheduler.step();
      this.#afterStep();
      if (step % 50 === 0 && unsettled(this.#all) === undefined) {
        this.#checkSettled();
        return step;
      }
    }
    throw new Violation(`The devices have not reached the state of the server: ${unsettled(this.#all)}`);
  }

  get #all(): Everything {
    return { server: this.#server, tabs: this.#tabs, devices: this.#checks, isIdle: this.scheduler.isIdle };
  }

  #checkSettled(): void {
    checkSettled(this.#all);
    const ms = this.scheduler.now - this.#skippedMs;
    if (this.#requests > 100 + 5 * this.#causes + ms / 5_000) {
      throw new Violation(`${this.#requests} requests for ${this.#causes} causes in ${ms} ms`);
    }
  }

  /** How much has happened. */
  get counts(): Record<string, number> {
    const stored = [...this.#checks.values()].flatMap((checks) => [...checks.stored.values()]);
    return {
      operations: stored.length,
      moves: stored.filter(({ action }) => action === 'move').length,
      rejected: stored.filter(({ problem }) => problem).length,
      executed: this.#server.executions.size,
      changes: this.#changes,
      requests: this.#requests,
      tabs: this.#opened,
      live: [...this.#server.state.values()].filter(({ resource }) => resource).length,
      commits: this.#devices.reduce((sum, { durable }) => sum + durable.revision, 0),
    };
  }

  #addDevice(name: string): void {
    const checks = new DeviceChecks(name, this.#facts);
    const device: Device = new Device(name, this.scheduler, this.#random, (before, after, changes) =>
      this.#guard(() => checks.checkCommit(before, after, changes)),
    );
    this.#devices.push(device);
    this.#checks.set(device, checks);
    this.#openTab(device);
  }

  /** While a device is offline, the pauses between its requests grow. */
  #checkPauses(device: Device): void {
    if (device.isOnline) return;
    const outage = this.#outages.get(device) ?? { since: this.scheduler.now, requests: 0 };
    outage.requests += 1;
    this.#outages.set(device, outage);
    const ms = this.scheduler.now - outage.since;
    if (outage.requests > maxQuickRequests + ms / 7_500) {
      throw new Violation(`${device.name} has sent ${outage.requests} requests in ${ms} ms offline`);
    }
  }

  #openTab(device: Device): void {
    const tab = new Tab(`${device.name}-${this.#tabs.length}`, {
      device,
      network: this.#network,
      scheduler: this.scheduler,
      random: this.#random,
      userId: this.#server.userId,
      wasRestored: () => this.#facts.wasRestored,
      onViolation: (error) => this.#fail(error),
      onAcknowledged: (on, resourceId) => this.#guard(() => this.#checks.get(on)?.checkAcknowledged(resourceId)),
    });
    this.#tabs.push(tab);
    this.#opened += 1;
    this.#causes += 1;
    tab.open();
  }

  #hasTab(device: Device): boolean {
    return this.#tabs.some((tab) => tab.device === device && !tab.isDead);
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
  }

  /** Keeps the violation of an invariant until the end of the step, because the store would handle an exception. */
  #guard(check: () => void): void {
    try {
      check();
    } catch (error) {
      this.#fail(error);
    }
  }

  #afterStep(): void {
    if (this.#failure) throw this.#failure;
    if (!this.#facts.observe()) return;
    this.#causes += 1;
    this.#changes += 1;
    for (const resolve of this.#changed.splice(0)) resolve();
  }

  #checkExecution(key: string): void {
    const found = [...this.#checks].find(([, checks]) => checks.stored.has(key));
    if (!found) throw new Violation(`The key ${key} was sent before it was stored`);
    const [device, checks] = found;
    const isPending = device.durable.queue.some((each) => each.key === key && !each.problem);
    checks.checkExecution(checks.stored.get(key) as Operation, isPending);
  }

  /** Something from outside happens: the user works, tabs and devices change, or parts fail. */
  async #disturb(): Promise<void> {
    const random = this.#random;
    const device = random.pick(this.#devices);
    const alive = this.#tabs.filter((tab) => !tab.isDead);
    const tab = alive.length > 0 ? random.pick(alive) : undefined;
    this.#causes += 1;
    const kind = random.below(62);
    // Tabs that open, end or connect again do not wait for a pause.
    if (kind >= 38) this.#outages.clear();
    this.scheduler.note(`disturb ${kind}`);
    if (kind < 30) this.#letUserAct(tab);
    else if (kind < 38) await this.#changeElsewhere();
    else if (kind < 41) device.isOnline = random.chance(0.6);
    else if (kind < 44) {
      Object.assign(this.#faults, drawNetworkFaults(random));
      Object.assign(device.faults, drawDeviceFaults(random));
    } else if (kind === 44) tab?.crash();
    else if (kind === 45) tab?.close();
    else if (kind === 46 && alive.length < 5) this.#openTab(device);
    else if (kind === 47) device.clockOffset = (random.next() - 0.5) * 4 * dayMs;
    else if (kind === 48) device.token = '0';
    else if (kind === 49 && random.chance(0.3)) await this.#server.forget();
    else if (kind === 50) this.#server.backUp();
    else if (kind === 51 && random.chance(0.1)) this.#facts.wasRestored ||= await this.#server.restore();
    else if (kind === 52 && random.chance(0.2)) this.#skip(random.chance(0.3) ? 1.1 * dayMs : 3_600_000);
    else if (kind < 57) tab?.store?.reconnect();
    else if (kind === 60 && random.chance(0.1)) {
      await this.#server.erase();
      this.#facts.wasRestored = true;
    } else if (kind === 61 && (device.isOfOtherUser || random.chance(0.3))) this.#changeUser(device);
    this.#tabs = this.#tabs.filter((each) => !each.isDead || each.device !== device || random.chance(0.9));
    for (const each of this.#devices) {
      if (!this.#hasTab(each) && random.chance(0.3)) this.#openTab(each);
    }
  }

  /** The user signs out or in, so the application closes the stores. The next ones can belong to the wrong user. */
  #changeUser(device: Device): void {
    device.isOfOtherUser = !device.isOfOtherUser;
    for (const tab of this.#tabs) {
      if (tab.device !== device) continue;
      if (tab.store) tab.close();
      else tab.crash();
    }
  }

  #skip(ms: number): void {
    this.scheduler.pass(ms);
    this.#skippedMs += ms;
  }

  #letUserAct(tab: Tab | undefined): void {
    if (!tab) return;
    this.#markers += 1;
    const rejected = tab.store?.status().rejected ?? [];
    const settled = this.#checks.get(tab.device)?.settledByUser;
    for (const { id } of rejected) settled?.add(id);
    tab.act(`text ${this.#markers}`);
  }

  async #changeElsewhere(): Promise<void> {
    const random = this.#random;
    const entries = [...this.#server.state.values()];
    this.#markers += 1;
    if (entries.length === 0 || random.chance(0.2)) {
      const id = `00000000-0000-4000-8000-${String(this.#markers).padStart(12, '0')}`;
      await this.#server.create('task', id, { title: `text ${this.#markers}` });
      return;
    }
    const { type, id } = random.pick(entries);
    // Another device has computed the same position for two siblings.
    const position = random.pick(entries).resource?.position as string | undefined;
    const patch = random.pick([
      position === undefined ? ('restore' as const) : { position },
      { title: `text ${this.#markers}` },
      { status: random.pick(['Todo', 'Done']) },
      'delete' as const,
      'restore' as const,
    ]);
    const isList = type === 'list' && typeof patch === 'object' && !('position' in patch);
    await this.#server.change(type, id, isList ? { name: `text ${this.#markers}` } : patch);
  }
}

/** With the token of another user, a store only asks whose token it is. */
function checkUser({ name, isOfOtherUser }: Device, { method, path }: ServerRequest): void {
  if (isOfOtherUser && path !== '/api/v1/me') {
    throw new Violation(`${name} has sent ${method} ${path} with the token of another user`);
  }
}
