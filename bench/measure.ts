/** Measurement of a server and its database under load. */
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import type { Load, LoadRequest, LoadResult } from './load.ts';
import { cpuMsOf, type Running } from './processes.ts';

export interface Measured extends LoadResult {
  /** CPU time per request in microseconds, of the server and of PostgreSQL. */
  readonly cpu: number;
  readonly databaseCpu: number;
}

export interface Effort {
  readonly connections: number;
  /** Duration of each round. */
  readonly seconds: number;
  /** Rounds per start of the servers. */
  readonly rounds: number;
}

export type Target = Pick<Running, 'url'> & Partial<Pick<Running, 'process'>>;

/** @param databaseMs returns the CPU time of the database, in milliseconds */
export async function measure(
  { url, process: server }: Target,
  requests: readonly LoadRequest[],
  { connections, seconds }: Omit<Effort, 'rounds'>,
  databaseMs: () => number = () => 0,
): Promise<Measured> {
  const used = () => [server?.pid ? cpuMsOf(server.pid) : 0, databaseMs()] as const;
  const before = used();
  const seen = await load({ url, connections, seconds, requests });
  const after = used();
  const answers = seen.perSecond * seconds;
  const each = (index: 0 | 1) => ((after[index] - before[index]) / answers) * 1_000;
  return { ...seen, cpu: each(0), databaseCpu: each(1) };
}

export interface Candidate {
  readonly target: Target;
  /** Called once per round. */
  readonly requests: () => LoadRequest[];
}

/** Runs each candidate once, so that V8 compiles the hot functions before the measurement. */
export async function warmUp(candidates: readonly Candidate[], effort: Effort): Promise<void> {
  for (const { target, requests } of candidates) await measure(target, requests(), effort);
}

/** One measurement of each candidate. */
export type Round = readonly Measured[];

/** Measures in turns and in alternating order, so that other load on the machine affects all candidates. */
export async function takeTurns(
  candidates: readonly Candidate[],
  effort: Effort,
  databaseMs?: () => number,
): Promise<Round[]> {
  const rounds: Round[] = [];
  for (let count = 0; count < effort.rounds; count += 1) {
    const round: Measured[] = [];
    const order = [...candidates.entries()];
    for (const [index, { target, requests }] of count % 2 === 0 ? order : order.reverse()) {
      round[index] = await measure(target, requests(), effort, databaseMs);
    }
    rounds.push(round);
  }
  return rounds;
}

export interface Comparison {
  /** The medians of the rounds, per candidate. */
  readonly measured: readonly Measured[];
  /** The ratios of the first candidate's rate to the rates of the others: the medians over the rounds. */
  readonly ratios: readonly number[];
  /** The same ratios of PostgreSQL's CPU time per request. */
  readonly databaseRatios: readonly number[];
}

export function summarise(rounds: readonly Round[]): Comparison {
  return {
    measured: (rounds[0] ?? []).map((_, index) => medians(rounds.map((round) => round[index] as Measured))),
    ratios: ratiosOf('perSecond', rounds),
    databaseRatios: ratiosOf('databaseCpu', rounds),
  };
}

function ratiosOf(key: 'perSecond' | 'databaseCpu', rounds: readonly Round[]): number[] {
  const [, ...others] = rounds[0] ?? [];
  return others.map((_, index) =>
    median(rounds.map((round) => (round[0] as Measured)[key] / (round[index + 1] as Measured)[key])),
  );
}

/** Runs the load generator in its own process. */
export async function runLoad(asked: Load): Promise<LoadResult> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'bench/load.ts'], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(JSON.stringify(asked));
  return JSON.parse(await text(child.stdout)) as LoadResult;
}

/** @throws Error if a response reports an error */
async function load(asked: Load): Promise<LoadResult> {
  const seen = await runLoad(asked);
  const bad = Object.keys(seen.statuses).filter((status) => !status.startsWith('2'));
  if (bad.length > 0) throw new Error(`unexpected statuses: ${JSON.stringify(seen.statuses)}`);
  return seen;
}

function medians(measured: readonly Measured[]): Measured {
  const of = (key: 'perSecond' | 'p50' | 'p99' | 'cpu' | 'databaseCpu') => median(measured.map((one) => one[key]));
  return {
    perSecond: of('perSecond'),
    p50: of('p50'),
    p99: of('p99'),
    cpu: of('cpu'),
    databaseCpu: of('databaseCpu'),
    statuses: {},
  };
}

export function median(numbers: readonly number[]): number {
  return numbers.toSorted((one, other) => one - other)[Math.floor(numbers.length / 2)] ?? 0;
}
