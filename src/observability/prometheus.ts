/** Counters, gauges and histograms in the text format of Prometheus. */

/** The media type of the format, version 0.0.4 (Prometheus documentation, "Exposition formats"). */
export const textFormat = 'text/plain; version=0.0.4; charset=utf-8';

/** The metadata of a metric. */
export interface Description {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly labels: readonly string[];
}

export interface Counter {
  /** @param values one per label, in the order of the label names */
  add(values: readonly string[], amount?: number): void;
}

export interface Histogram {
  observe(values: readonly string[], value: number): void;
}

/** A registry of metrics. */
export interface Instruments {
  readonly descriptions: readonly Description[];
  /** @param known the label values that start with 0, so that the first event is an increase */
  counter(name: string, help: string, labels?: readonly string[], known?: readonly (readonly string[])[]): Counter;
  /** @param bounds ascending upper bounds of the buckets */
  histogram(name: string, help: string, labels: readonly string[], bounds: readonly number[]): Histogram;
  /** A value that is read at each scrape. */
  gauge(name: string, help: string, read: () => number): void;
  /** A counter whose value is kept elsewhere and read at each scrape. */
  sum(name: string, help: string, read: () => number): void;
  /** All metrics as text. */
  write(): string;
}

/**
 * Maximum number of label combinations per metric. All further ones are counted in one series with all labels `other`.
 * The limit prevents a memory leak if a label gets unbounded values by mistake.
 */
const maxSeries = 1_000;

/** Maximum number of series with the same first label, so that one route cannot use up the series of the others. */
const maxSeriesPerFirstLabel = 30;

interface Series<Value> {
  readonly labels: string;
  readonly value: Value;
}

export function createInstruments(): Instruments {
  const descriptions: Description[] = [];
  const writers: (() => string[])[] = [];

  function describe(description: Description, samples: () => string[]): void {
    const { name, help, type } = description;
    descriptions.push(description);
    writers.push(() => [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...samples()]);
  }

  return {
    descriptions,

    counter(name, help, labels = [], known = labels.length === 0 ? [[]] : []) {
      const series = createSeries(labels, () => ({ count: 0 }));
      for (const values of known) series.at(values);
      describe({ name, help, type: 'counter', labels }, () =>
        series.all().map((one) => sample(name, one.labels, one.value.count)),
      );
      return {
        add(values, amount = 1) {
          series.at(values).count += amount;
        },
      };
    },

    histogram(name, help, labels, bounds) {
      const series = createSeries(labels, () => ({ counts: new Array<number>(bounds.length + 1).fill(0), sum: 0 }));
      describe({ name, help, type: 'histogram', labels }, () =>
        series.all().flatMap((one) => {
          let count = 0;
          const buckets = one.value.counts.map((bucketCount, index) => {
            count += bucketCount;
            const bound = `le="${bounds[index] ?? '+Inf'}"`;
            return sample(`${name}_bucket`, one.labels === '' ? bound : `${one.labels},${bound}`, count);
          });
          return [
            ...buckets,
            sample(`${name}_sum`, one.labels, one.value.sum),
            sample(`${name}_count`, one.labels, count),
          ];
        }),
      );
      return {
        observe(values, value) {
          const histogram = series.at(values);
          let bucket = 0;
          while (bucket < bounds.length && value > (bounds[bucket] as number)) bucket += 1;
          (histogram.counts[bucket] as number) += 1;
          histogram.sum += value;
        },
      };
    },

    gauge(name, help, read) {
      describe({ name, help, type: 'gauge', labels: [] }, () => [sample(name, '', read())]);
    },

    sum(name, help, read) {
      describe({ name, help, type: 'counter', labels: [] }, () => [sample(name, '', read())]);
    },

    write: () => `${writers.flatMap((write) => write()).join('\n')}\n`,
  };
}

/** The values of a metric, one per combination of labels. */
function createSeries<Value>(labels: readonly string[], make: () => Value) {
  const series = new Map<string, Series<Value>>();
  const countPerFirstLabel = new Map<string, number>();

  function at(values: readonly string[], isOther = false): Value {
    const key = values.join('\n');
    const known = series.get(key);
    if (known) return known.value;
    const [first = '', ...rest] = values;
    const count = countPerFirstLabel.get(first) ?? 0;
    if (!isOther && series.size >= maxSeries)
      return at(
        labels.map(() => 'other'),
        true,
      );
    if (!isOther && rest.length > 0 && count >= maxSeriesPerFirstLabel)
      return at([first, ...rest.map(() => 'other')], true);
    countPerFirstLabel.set(first, count + 1);
    const added = {
      labels: labels.map((label, index) => `${label}="${escapeLabel(values[index] ?? '')}"`).join(','),
      value: make(),
    };
    series.set(key, added);
    return added.value;
  }

  return { at, all: () => [...series.values()] };
}

function sample(name: string, labels: string, value: number): string {
  return `${name}${labels === '' ? '' : `{${labels}}`} ${value}`;
}

function escapeLabel(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
