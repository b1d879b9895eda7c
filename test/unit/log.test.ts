/** The server log: the fields that every line has. */
import { afterEach, expect, test, vi } from 'vitest';
import { createLog } from '../../src/observability/log.ts';

afterEach(() => void vi.useRealTimers());

test('each line has the time at which it was written', () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  const lines: string[] = [];
  const log = createLog('info', { write: (line) => void lines.push(line) });
  const times = ['2026-01-31T23:59:59.999Z', '2026-02-01T00:00:00.000Z', '2026-02-01T00:00:00.000Z'];
  for (const time of times) {
    vi.setSystemTime(new Date(time));
    log.info('written');
  }
  expect(lines.map((line) => JSON.parse(line))).toEqual(times.map((time) => ({ level: 30, time, msg: 'written' })));
});
