/** The number of connections for which the process has file descriptors. */
import { readFileSync } from 'node:fs';

/** Descriptors for the database, the log, the metrics and the files of the embedded database. */
const reserved = 300;

/**
 * The limit on open files without a reserve, at least 100. Node raises the soft limit to the hard limit at start. Infinity
 * if there is no limit, or on systems other than Linux.
 *
 * @param limits the contents of /proc/self/limits (Linux manual, proc_pid_limits(5))
 */
export function availableConnections(limits = readLimits()): number {
  const soft = Number(/^Max open files +(\d+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY);
  return Math.max(100, soft - reserved);
}

function readLimits(): string {
  try {
    return readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return '';
  }
}
