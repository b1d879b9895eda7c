/** Metrics of the process: memory, CPU time and event loop delay. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Instruments } from './prometheus.ts';

/** Sampling interval of the event loop in milliseconds. A shorter delay can be missed. */
const resolutionMs = 10;

const nanosecondsPerSecond = 1e9;
const microsecondsPerSecond = 1e6;

export function measureProcess({ gauge, sum }: Instruments): void {
  const delay = monitorEventLoopDelay({ resolution: resolutionMs });
  delay.enable();
  // Node measures the time between two timers, which includes the interval itself.
  const delaySeconds = (nanoseconds: number) => Math.max(0, nanoseconds / nanosecondsPerSecond - resolutionMs / 1_000);

  // The histogram is reset at each scrape. Otherwise a delay at startup would dominate the quantiles permanently.
  gauge('todo_api_event_loop_delay_p50_seconds', 'Event loop delay since the last scrape, median.', () =>
    delaySeconds(delay.percentile(50)),
  );
  gauge('todo_api_event_loop_delay_p99_seconds', 'Event loop delay since the last scrape, 99th percentile.', () =>
    delaySeconds(delay.percentile(99)),
  );
  gauge('todo_api_event_loop_delay_max_seconds', 'Event loop delay since the last scrape, maximum.', () => {
    const max = delaySeconds(delay.max);
    delay.reset();
    return max;
  });

  const memory = (part: 'rss' | 'heapUsed' | 'heapTotal' | 'external') => () => process.memoryUsage()[part];
  gauge('todo_api_process_resident_memory_bytes', 'Resident memory of the process.', () => process.memoryUsage.rss());
  gauge('todo_api_process_heap_used_bytes', 'Size of the JavaScript objects.', memory('heapUsed'));
  gauge('todo_api_process_heap_size_bytes', 'Size of the JavaScript heap.', memory('heapTotal'));
  gauge(
    'todo_api_process_external_memory_bytes',
    'Memory outside of the JavaScript heap, mainly buffers.',
    memory('external'),
  );
  sum(
    'todo_api_process_cpu_user_seconds_total',
    'CPU time of the process in user mode.',
    () => process.cpuUsage().user / microsecondsPerSecond,
  );
  sum(
    'todo_api_process_cpu_system_seconds_total',
    'CPU time of the process in kernel mode.',
    () => process.cpuUsage().system / microsecondsPerSecond,
  );
  gauge(
    'todo_api_process_start_time_seconds',
    'Start time of the process, in seconds since 1970.',
    () => performance.timeOrigin / 1_000,
  );
}
