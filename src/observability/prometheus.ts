/** Counters, gauges and histograms, written in the text format that Prometheus reads. */

/** The media type of the format, version 0.0.4 (Prometheus documentation, "Exposition formats"). */
export const textFormat = 'text/plain; version=0.0.4; charset=utf-8';

/** What is said of a metric besides its values. */
export interface Description {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly labels: readonly string[];
}

export interface Counter {
  /** @param values one for each label, in the order of their names */
  add(values: readonly string[], amount?: number): void;
}

export interface Histogram {
  observe(values: readonly string[], value: number): void;
}

/** All the metrics of a server. */
export interface Instruments {
  readonly descriptions: readonly Description[];
  /** @param known the values that are there with 0 from the beginning, so that the first one is a rise */
  counter(name: string, help: string, labels?: readonly string[], known?: readonly (readonly string[])[]): Counter;
  /** @param bounds upper bounds of the buckets, ascending */
  histogram(name: string, help: string, labels: readonly string[], bounds: readonly number[]): Histogram;
  /** A value that is read when somebody looks. */
  gauge(name: string, help: string, read: () => number): void;
  /** A sum that somebody else keeps, read when somebody looks. */
  sum(name: string, help: string, read: () => number): void;
  /** All of it as text. */
  write(): string;
}

/**
 * How many combinations of labels a metric may have. What comes after is counted together, each of its labels `other`:
 * a mistake in what is made a label must not become a leak.
 */
const mostSeries = 1_000;

/** How many of them may have the same first label: the statuses and methods of one route must not use up the others'. */
const mostOfFirst = 30;

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
          const buckets = one.value.counts.map((here, index) => {
            count += here;
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

/** The values of a metric, one for each combination of labels. */
function createSeries<Value>(labels: readonly string[], make: () => Value) {
  const series = new Map<string, Series<Value>>();
  const ofFirst = new Map<string, number>();

  function at(values: readonly string[], isOther = false): Value {
    const key = values.join('\n');
    const known = series.get(key);
    if (known) return known.value;
    const [first = '', ...rest] = values;
    const count = ofFirst.get(first) ?? 0;
    const others = rest.map(() => 'other');
    if (!isOther && series.size >= mostSeries) return at(['other', ...others], true);
    if (!isOther && rest.length > 0 && count >= mostOfFirst) return at([first, ...others], true);
    ofFirst.set(first, count + 1);
    const added = {
      labels: labels.map((label, index) => `${label}="${escaped(values[index] ?? '')}"`).join(','),
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

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
