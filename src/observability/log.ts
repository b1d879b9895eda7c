/** The server log, by pino: JSON lines on a pipe, readable lines on a terminal. */
import { type DestinationStream, type Logger, pino } from 'pino';
import type { LogLevel } from '../config/config.ts';
import { maskText } from '../config/mask.ts';
import { createLogOutput } from './log-output.ts';

export type Log = Logger;

/** @param output destination of the lines; the standard output of the process by default */
export function createLog(level: LogLevel, output: DestinationStream = createLogOutput(process.stdout)): Log {
  return pino({ level, base: null, timestamp: isoTime, serializers: { err: describeError } }, output);
}

/** The standard output of the process. The lines are readable if it is a terminal. */
export async function standardOutput(): Promise<DestinationStream> {
  if (!process.stdout.isTTY) return createLogOutput(process.stdout);
  const { PinoPretty } = await import('pino-pretty');
  return PinoPretty({ colorize: true, translateTime: 'HH:MM:ss', ignore: 'request_id', singleLine: true, sync: true });
}

let formattedMs = 0;
let formattedTime = '';

/** `pino.stdTimeFunctions.isoTime`, formatted once per millisecond (docs/decisions/020-cached-parts-of-log-lines.md). */
function isoTime(): string {
  const now = Date.now();
  if (now !== formattedMs) {
    formattedMs = now;
    formattedTime = `,"time":"${new Date(now).toISOString()}"`;
  }
  return formattedTime;
}

/** An error for the log. PostgreSQL's messages quote values of the statement, so only their codes are logged. */
function describeError(error: unknown): object {
  if (!(error instanceof Error)) return { type: typeof error };
  if ('query' in error && 'params' in error) return describeError(error.cause);
  const { code, severity, constraint, table, routine } = error as Error & Record<string, unknown>;
  const frames = error.stack
    ?.split('\n')
    .filter((line) => /^\s+at /.test(line))
    .join('\n');
  if (severity !== undefined) return { type: error.name, code, constraint, table, routine, stack: frames };
  return { type: error.name, message: maskText(error.message), code, stack: frames };
}
