/** The server's log: JSON lines on a pipe, readable lines on a terminal. */
import { type DestinationStream, type Logger, pino } from 'pino';
import { PinoPretty } from 'pino-pretty';
import type { LogLevel } from '../config/config.ts';
import { createLogOutput } from './log-output.ts';

export interface Log extends Logger {
  /**
   * Writes a line as `info` does, in a third of its time; whether the level is enabled is for the caller to see.
   *
   * @param members what stands in it beyond level and time, in JSON
   */
  readonly writeInfo: (members: string) => void;
}

/**
 * @param output where lines go instead of the process's standard output
 */
export function createLog(level: LogLevel, output?: DestinationStream): Log {
  const destination = output ?? (process.stdout.isTTY ? readableLines() : createLogOutput(process.stdout));
  const timestamp = createTimestamp();
  const log = pino({ level, base: null, timestamp, serializers: { err: describeError } }, destination);
  const start = `{"level":${pino.levels.values.info}`;
  return Object.assign(log, {
    writeInfo(members: string) {
      destination.write(`${start}${timestamp()},${members}}\n`);
    },
  });
}

/** As pino's own ISO time, but made once for all the lines of a millisecond. */
function createTimestamp(): () => string {
  let at = 0;
  let timestamp = '';
  return () => {
    const now = Date.now();
    if (now !== at) {
      at = now;
      timestamp = `,"time":"${new Date(now).toISOString()}"`;
    }
    return timestamp;
  };
}

function readableLines(): DestinationStream {
  return PinoPretty({ colorize: true, translateTime: 'HH:MM:ss', ignore: 'request_id', singleLine: true, sync: true });
}

/**
 * An error for the log. PostgreSQL's own messages quote the values it was given, so only their codes are kept. Drizzle's
 * quote the whole statement with its values, so the error behind is described instead.
 */
function describeError(error: unknown): object {
  if (!(error instanceof Error)) return { type: typeof error };
  if ('query' in error && 'params' in error) return describeError(error.cause);
  const { code, severity, constraint, table, routine } = error as Error & Record<string, unknown>;
  const frames = error.stack
    ?.split('\n')
    .filter((line) => /^\s+at /.test(line))
    .join('\n');
  if (severity !== undefined) return { type: error.name, code, constraint, table, routine, stack: frames };
  return { type: error.name, message: error.message, code, stack: frames };
}
