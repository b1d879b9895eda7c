/** The text format of Prometheus, according to its documentation. */
import { expect, test } from 'vitest';
import { createInstruments } from '../../src/observability/prometheus.ts';

test('counters, gauges and histograms', () => {
  const instruments = createInstruments();
  const requests = instruments.counter('requests_total', 'Requests.', ['path', 'status'], [['/', '200']]);
  const seconds = instruments.histogram('seconds', 'Time.', [], [0.1, 1]);
  instruments.gauge('waiting', 'Waiting requests.', () => 2);
  requests.add(['/', '404']);
  requests.add(['/', '404'], 2);
  for (const value of [0.05, 0.1, 0.5, 7]) seconds.observe([], value);
  expect(instruments.write()).toBe(`# HELP requests_total Requests.
# TYPE requests_total counter
requests_total{path="/",status="200"} 0
requests_total{path="/",status="404"} 3
# HELP seconds Time.
# TYPE seconds histogram
seconds_bucket{le="0.1"} 2
seconds_bucket{le="1"} 3
seconds_bucket{le="+Inf"} 4
seconds_sum 7.65
seconds_count 4
# HELP waiting Waiting requests.
# TYPE waiting gauge
waiting 2
`);
});

test('a counter without labels starts with 0', () => {
  const instruments = createInstruments();
  instruments.counter('retries_total', 'Retries.');
  expect(instruments.write()).toContain('\nretries_total 0\n');
});

test('label values are escaped', () => {
  const instruments = createInstruments();
  instruments.counter('things', 'Things.', ['name']).add(['a "b" \\ c\nd']);
  expect(instruments.write()).toContain('things{name="a \\"b\\" \\\\ c\\nd"} 1');
});

test('the number of series per metric is bounded', () => {
  const instruments = createInstruments();
  const things = instruments.counter('things', 'Things.', ['name']);
  for (let count = 0; count < 5_000; count += 1) things.add([`name-${count}`]);
  const lines = instruments.write().split('\n');
  expect(lines.length).toBeLessThan(1_010);
  expect(lines).toContain('things{name="other"} 4000');
});

test('the number of series per value of the first label is bounded', () => {
  const instruments = createInstruments();
  const things = instruments.counter('things', 'Things.', ['route', 'status']);
  for (let count = 0; count < 100; count += 1) things.add(['/a', String(count)]);
  things.add(['/b', '200']);
  const lines = instruments.write().split('\n');
  expect(lines.filter((line) => line.startsWith('things{route="/a"'))).toHaveLength(31);
  expect(lines).toContain('things{route="/a",status="other"} 70');
  expect(lines).toContain('things{route="/b",status="200"} 1');
});
