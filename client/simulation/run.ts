/** Runs worlds one after another, each from its own seed. */
import { ModelServer } from './model-server.ts';
import type { CreateServer } from './server.ts';
import { World } from './world.ts';

/** Bounds of the number of steps after which a world must settle, and another one begins. */
const minSteps = 50;
const maxSteps = 1_000;

export interface Result {
  readonly steps: number;
  readonly worlds: number;
  /** A hash of all events. */
  readonly trace: number;
  /** How much has happened. */
  readonly counts: Readonly<Record<string, number>>;
}

/** The violation of an invariant, with the seed that repeats it. */
export class SimulationFailure extends Error {
  override readonly name = 'SimulationFailure';
  readonly seed: number;
  readonly lines: readonly string[];
  constructor(seed: number, lines: readonly string[], cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(`seed ${seed}: ${reason}. Repeat it with: npm run simulate -- --steps 1 --seed ${seed}`, { cause });
    this.seed = seed;
    this.lines = lines;
  }
}

export interface Options {
  /** How many of the last events a failure has. */
  readonly keepLines?: number;
  /** The server of each world; by default the model. */
  readonly createServer?: CreateServer;
}

const createModel: CreateServer = (parts) => new ModelServer(parts);

/** @throws SimulationFailure */
export async function simulate(
  seed: number,
  steps: number,
  { keepLines = 0, createServer = createModel }: Options = {},
): Promise<Result> {
  let done = 0;
  let trace = 0;
  let worlds = 0;
  const counts: Record<string, number> = {};
  while (done < steps) {
    const worldSeed = seed + worlds;
    const world = new World(worldSeed, createServer, keepLines);
    try {
      const count = minSteps + ((worldSeed * 7_919) % (maxSteps - minSteps));
      for (let step = 0; step < count; step += 1) await world.step();
      done += count + (await world.settle());
    } catch (error) {
      throw new SimulationFailure(worldSeed, world.scheduler.lines, error);
    }
    worlds += 1;
    for (const [name, count] of Object.entries(world.counts)) counts[name] = (counts[name] ?? 0) + count;
    trace = (Math.imul(trace, 31) + world.scheduler.trace) | 0;
  }
  return { steps: done, worlds, trace, counts };
}
