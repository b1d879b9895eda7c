/** The buffered writer of log lines: it batches, never blocks, and drops lines above a limit. */
import { Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createLogOutput } from '../../src/observability/log-output.ts';

/** A stream that records its chunks and stalls while `isStalled`. */
class Reader extends Writable {
  readonly chunks: string[] = [];
  isStalled = false;

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.chunks.push(chunk.toString());
    if (!this.isStalled) done();
  }
}

test('lines are written in batches after 100 ms', async () => {
  const reader = new Reader();
  const output = createLogOutput(reader);
  output.write('one\n');
  output.write('two\n');
  expect(reader.chunks).toEqual([]);
  await expect.poll(() => reader.chunks).toEqual(['one\ntwo\n']);
  output.write('three\n');
  await expect.poll(() => reader.chunks).toEqual(['one\ntwo\n', 'three\n']);
});

test('a full buffer is written immediately', () => {
  const reader = new Reader();
  const output = createLogOutput(reader);
  for (let count = 0; count < 500; count += 1) output.write(`${'x'.repeat(99)}\n`);
  expect(reader.chunks.join('').length).toBeGreaterThanOrEqual(32_000);
  expect(reader.chunks.length).toBeLessThan(5);
});

test('a stalled reader costs a bounded amount of memory', async () => {
  const reader = new Reader();
  reader.isStalled = true;
  const output = createLogOutput(reader);
  for (let count = 0; count < 100_000; count += 1) output.write(`${'x'.repeat(99)}\n`);
  expect(reader.writableLength).toBeGreaterThan(1_000_000);
  expect(reader.writableLength).toBeLessThan(1_100_000);
});

test('a closed pipe is not an error', async () => {
  const reader = new Reader();
  const output = createLogOutput(reader);
  reader.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
  output.write('x'.repeat(10_000));
  await delay(0);
  output.write('x'.repeat(10_000));
  await delay(0);
});
