/** Scheduler with a virtual clock. It decides in which order the events of all devices and of the network happen. */
import { setImmediate } from 'node:timers/promises';
import type { Random } from './random.ts';

/** What an event belongs to. The events of an owner that has crashed do not happen. */
export interface Owner {
  readonly isDead: boolean;
}

interface Event {
  readonly label: string;
  readonly owner: Owner | undefined;
  readonly run: () => Happening;
}

/** An event that waits for a real server is over when its promise resolves. */
type Happening = void | Promise<void>;

interface Timer extends Event {
  readonly at: number;
  isCancelled: boolean;
}

export class Scheduler {
  /** Milliseconds since the beginning. */
  now = 0;
  /** A hash of all events so far. Equal seeds have equal traces. */
  trace = 0;
  readonly lines: string[] = [];
  readonly #random: Random;
  readonly #ready: Event[] = [];
  #timers: Timer[] = [];
  readonly #keepLines: number;

  constructor(random: Random, keepLines = 0) {
    this.#random = random;
    this.#keepLines = keepLines;
  }

  get isIdle(): boolean {
    return this.#ready.length === 0;
  }

  /** Adds an event that happens at some time, in any order with the others. */
  add(label: string, owner: Owner | undefined, run: () => Happening): void {
    this.#ready.push({ label, owner, run });
  }

  /** Adds an event that happens after a time. */
  after(ms: number, label: string, owner: Owner | undefined, run: () => Happening): Timer {
    const timer: Timer = { at: this.now + ms, label, owner, run, isCancelled: false };
    let index = this.#timers.length;
    // The next timer is the last one of the array.
    while (index > 0 && (this.#timers[index - 1] as Timer).at <= timer.at) index -= 1;
    this.#timers.splice(index, 0, timer);
    return timer;
  }

  sleep(ms: number, signal: AbortSignal, owner: Owner): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const end = () => {
        timer.isCancelled = true;
        signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = this.after(ms, 'timer', owner, end);
      signal.addEventListener('abort', end);
    });
  }

  /** Lets one event happen, and all promises that it resolves. */
  async step(): Promise<void> {
    const isTimer = this.#ready.length === 0 || this.#random.chance(0.05);
    const event = (isTimer ? this.#nextTimer() : undefined) ?? this.#takeReady();
    if (!event || event.owner?.isDead) return;
    this.note(event.label);
    await event.run();
    await setImmediate();
  }

  /** Lets time pass. Timers that are due happen in the following steps. */
  pass(ms: number): void {
    this.now += ms;
  }

  note(label: string): void {
    for (let index = 0; index < label.length; index += 1) {
      this.trace = (Math.imul(this.trace, 31) + label.charCodeAt(index)) | 0;
    }
    if (this.#keepLines === 0) return;
    this.lines.push(`${this.now} ${label}`);
    if (this.lines.length > this.#keepLines) this.lines.shift();
  }

  #takeReady(): Event | undefined {
    const { length } = this.#ready;
    if (length === 0) return undefined;
    const index = this.#random.below(length);
    const event = this.#ready[index];
    const last = this.#ready.pop() as Event;
    if (index < length - 1) this.#ready[index] = last;
    return event;
  }

  #nextTimer(): Timer | undefined {
    for (;;) {
      const timer = this.#timers.pop();
      if (!timer) return undefined;
      if (timer.isCancelled || timer.owner?.isDead) continue;
      this.now = Math.max(this.now, timer.at);
      return timer;
    }
  }
}
