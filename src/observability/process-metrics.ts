/** What the process itself costs, and whether its event loop keeps up. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Instruments } from './prometheus.ts';

/** In milliseconds: how often the event loop is timed. A shorter stall may fall between two looks. */
const resolution = 10;

const nanosecondsPerSecond = 1e9;
const microsecondsPerSecond = 1e6;

export function measureProcess({ gauge, sum }: Instruments): void {
  const delay = monitorEventLoopDelay({ resolution });
  delay.enable();
  // What is measured is the time between two timers, the pause that they were set to included.
  const late = (nanoseconds: number) => Math.max(0, nanoseconds / nanosecondsPerSecond - resolution / 1_000);

  // The quantiles are of the time since the last look: a stall at the start must not be shown for ever.
  gauge('todo_api_event_loop_delay_p50_seconds', 'How late timers were since the last look: half of them.', () =>
    late(delay.percentile(50)),
  );
  gauge(
    'todo_api_event_loop_delay_p99_seconds',
    'How late timers were since the last look: all but one in a hundred.',
    () => late(delay.percentile(99)),
  );
  gauge('todo_api_event_loop_delay_max_seconds', 'How late timers were since the last look: the latest.', () => {
    const max = late(delay.max);
    delay.reset();
    return max;
  });

  const memory = (part: 'rss' | 'heapUsed' | 'heapTotal' | 'external') => () => process.memoryUsage()[part];
  gauge('todo_api_process_resident_memory_bytes', 'Memory of the process.', () => process.memoryUsage.rss());
  gauge('todo_api_process_heap_used_bytes', 'JavaScript objects.', memory('heapUsed'));
  gauge('todo_api_process_heap_size_bytes', 'Memory set aside for JavaScript objects.', memory('heapTotal'));
  gauge(
    'todo_api_process_external_memory_bytes',
    'Memory outside of the JavaScript heap, of buffers for the most part.',
    memory('external'),
  );
  sum(
    'todo_api_process_cpu_user_seconds_total',
    'Processor time of the process, in user mode.',
    () => process.cpuUsage().user / microsecondsPerSecond,
  );
  sum(
    'todo_api_process_cpu_system_seconds_total',
    'Processor time of the process, in the kernel.',
    () => process.cpuUsage().system / microsecondsPerSecond,
  );
  gauge(
    'todo_api_process_start_time_seconds',
    'When the process started, in seconds since 1970.',
    () => performance.timeOrigin / 1_000,
  );
}
