/** Where the log's lines go: to whoever reads the standard output, and not at the cost of the requests. */
import type { Writable } from 'node:stream';

/**
 * Lines are written together, so many characters of them or those of so many milliseconds: one by one they would cost
 * a tenth of what the server can do (`docs/performance.md`).
 */
const togetherCharacters = 16_384;
const togetherMs = 100;

/** In bytes: what nobody reads is dropped from there on, for memory is for requests. */
const mostUnread = 1024 * 1024;

/** What takes lines, each with its end. */
export interface LogOutput {
  write(line: string): void;
}

/** @param stream may have a reader that stands still, or that has gone */
export function createLogOutput(stream: Writable): LogOutput {
  let lines = '';
  let timer: NodeJS.Timeout | undefined;

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    if (stream.writableLength < mostUnread) stream.write(lines);
    lines = '';
  }

  // The reader has gone: the server goes on without its log.
  stream.on('error', () => {});
  process.once('exit', flush);
  return {
    write(line) {
      lines += line;
      if (lines.length >= togetherCharacters) flush();
      else timer ??= setTimeout(flush, togetherMs).unref();
    },
  };
}
