/**
 * Buffered writer for log lines. It never blocks a request, and it limits the memory for unread lines.
 *
 * `pino.destination` does the same but can keep the process from exiting (docs/decisions/017-own-log-buffer.md).
 */
import type { Writable } from 'node:stream';

/** Characters and milliseconds after which buffered lines are written. One write per line would cost 10 % throughput. */
const flushAfterCharacters = 16_384;
const flushAfterMs = 100;

/** Unread bytes from which on new lines are dropped. */
const maxUnreadBytes = 1024 * 1024;

/** Destination of log lines. Each line ends with a line feed. */
export interface LogOutput {
  write(line: string): void;
}

/** @param stream its reader may be stalled or closed */
export function createLogOutput(stream: Writable): LogOutput {
  let lines = '';
  let timer: NodeJS.Timeout | undefined;

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    if (stream.writableLength < maxUnreadBytes) stream.write(lines);
    lines = '';
  }

  // EPIPE: the reader has closed the pipe. The server continues without a log.
  stream.on('error', () => {});
  process.once('exit', flush);
  return {
    write(line) {
      lines += line;
      if (lines.length >= flushAfterCharacters) flush();
      else timer ??= setTimeout(flush, flushAfterMs).unref();
    },
  };
}
