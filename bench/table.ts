/** Markdown tables of results. */
import type { Comparison, Measured } from './measure.ts';

/** By kind of request. */
export type Results = ReadonlyMap<string, Comparison>;

/** @param names the measured servers; the table has the ratio of the first one's rate to the rate of each other */
export function header(names: readonly string[]): string {
  const columns = names.flatMap((name) => [`${name}: requests/s`, 'p50', 'p99', 'CPU, µs', 'database, µs']);
  return headerOf(['', ...columns, ...names.slice(1).map((name) => `ratio to ${name}`)]);
}

export function row(name: string, { measured, ratios }: Comparison): string {
  const cells = measured.flatMap(({ perSecond, p50, p99, cpu, databaseCpu }) => [
    rate(perSecond),
    p50.toFixed(1),
    p99.toFixed(1),
    microseconds(cpu),
    microseconds(databaseCpu),
  ]);
  return rowOf([name, ...cells, ...ratios.map(bold)]);
}

/**
 * Rates and ratios, with the latencies of the first server.
 *
 * @param budgets minimum of the ratio to the last server, by kind of request
 */
export function ratesTable(
  names: readonly string[],
  results: Results,
  budgets: Readonly<Record<string, number>> = {},
): string {
  const [first, ...others] = names;
  const hasBudgets = Object.keys(budgets).length > 0;
  const columns = others.flatMap((name) => [`${name}: requests/s`, 'ratio']);
  const rows = [...results].map(([kind, { measured, ratios }]) => {
    const [{ perSecond, p50, p99 }, ...rest] = measured as [Measured, ...Measured[]];
    const cells = rest.flatMap((other, index) => [rate(other.perSecond), bold(ratios[index] as number)]);
    const budget = hasBudgets ? [minimum(budgets[kind], ratios.at(-1) as number)] : [];
    return rowOf([kind, rate(perSecond), p50.toFixed(1), p99.toFixed(1), ...cells, ...budget]);
  });
  const budget = hasBudgets ? ['budget'] : [];
  return [headerOf(['', `${first}: requests/s`, 'p50', 'p99', ...columns, ...budget]), ...rows].join('\n');
}

/** CPU time per request of each server, and of PostgreSQL if it was measured. */
export function cpuTable(names: readonly string[], results: Results): string {
  const hasDatabase = [...results.values()].some(({ measured }) => measured.some(({ databaseCpu }) => databaseCpu > 0));
  const columns = names.flatMap((name) => [`${name}: server, µs`, ...(hasDatabase ? ['PostgreSQL, µs'] : [])]);
  const rows = [...results].map(([kind, { measured }]) => {
    const cells = measured.flatMap(({ cpu, databaseCpu }) => (hasDatabase ? [cpu, databaseCpu] : [cpu]));
    return rowOf([kind, ...cells.map(microseconds)]);
  });
  return [headerOf(['', ...columns]), ...rows].join('\n');
}

/** The header of a table whose cells, except for the first column, are numbers. */
export function headerOf(cells: readonly string[]): string {
  return `${rowOf(cells)}\n| --- |${' --: |'.repeat(cells.length - 1)}`;
}

export function rowOf(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

export function rate(perSecond: number): string {
  return Math.round(perSecond).toLocaleString('en');
}

/** A dash if the time was not measured. */
export function microseconds(time: number): string {
  return time > 0 ? time.toFixed(0) : '–';
}

function bold(ratio: number): string {
  return `**${ratio.toFixed(2)}**`;
}

function minimum(budget: number | undefined, ratio: number): string {
  if (budget === undefined) return '–';
  return `at least ${budget.toFixed(2)}${ratio < budget ? ', missed' : ''}`;
}
