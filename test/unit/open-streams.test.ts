/** The open event streams: their number, and their ends. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import {
  createOpenStreams,
  maxAgeMs,
  maxStreams,
  maxStreamsPerUser,
  streamLimits,
} from '../../src/changes/events/open-streams.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const never = Number.POSITIVE_INFINITY;

test('a user has at most ten streams, and a closed one makes room', () => {
  const streams = createOpenStreams(streamLimits);
  const opened = Array.from({ length: maxStreamsPerUser }, () => streams.open('ada', never));
  expect(() => streams.open('ada', never)).toThrow(expect.objectContaining({ code: 'rate_limited', status: 429 }));
  streams.open('eve', never);
  opened[0]?.close();
  opened[0]?.close();
  streams.open('ada', never);
  expect(() => streams.open('ada', never)).toThrow(expect.objectContaining({ code: 'rate_limited' }));
});

test('a process has at most 5,000 streams', () => {
  const streams = createOpenStreams(streamLimits);
  for (let user = 0; user < maxStreams; user += 1) streams.open(`user-${user}`, never);
  expect(() => streams.open('ada', never)).toThrow(expect.objectContaining({ code: 'overloaded', status: 503 }));
  expect(streams.count).toBe(maxStreams);
});

test('a stream ends after 15 minutes, or when the token expires', () => {
  const streams = createOpenStreams(streamLimits);
  const long = streams.open('ada', never);
  const short = streams.open('ada', Date.now() + 60_000);
  vi.advanceTimersByTime(60_000);
  expect(short.signal.reason).toBe('token_expired');
  expect(long.signal.aborted).toBe(false);
  vi.advanceTimersByTime(maxAgeMs - 60_000);
  expect(long.signal.reason).toBe('max_age');
});

test('all streams end when the server stops, also one that opens afterwards', () => {
  const streams = createOpenStreams(streamLimits);
  const before = streams.open('ada', never);
  streams.endAll();
  expect(before.signal.reason).toBe('shutdown');
  expect(streams.open('ada', never).signal.reason).toBe('shutdown');
});
