/** Markdown tables of results. */
import type { Comparison } from './measure.ts';

/** @param names the measured servers; with two of them, the table has the ratio of the first to the second */
export function header(names: readonly string[]): string {
  const columns = names.flatMap((name) => [`${name}: requests/s`, 'p50', 'p99', 'CPU, µs', 'database, µs']);
  const all = ['', ...columns, ...(names.length === 2 ? ['ratio'] : [])];
  return `| ${all.join(' | ')} |\n| --- |${' --: |'.repeat(all.length - 1)}`;
}

export function row(name: string, { measured, ratio }: Comparison): string {
  const cells = measured.flatMap(({ perSecond, p50, p99, cpu, databaseCpu }) => [
    Math.round(perSecond).toLocaleString('en'),
    p50.toFixed(1),
    p99.toFixed(1),
    cpu > 0 ? cpu.toFixed(0) : '–',
    databaseCpu > 0 ? databaseCpu.toFixed(0) : '–',
  ]);
  return `| ${[name, ...cells, ...(measured.length === 2 ? [`**${ratio.toFixed(2)}**`] : [])].join(' | ')} |`;
}
