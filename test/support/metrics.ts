/** Parser of a metrics scrape: values by name and labels. */

export interface Scrape {
  /** The value of a sample, written as Prometheus writes it: `name{label="value"}`; 0 if it does not exist. */
  value(sample: string): number;
  /** The names and labels of all samples. */
  readonly samples: readonly string[];
}

export async function scrape(port: number): Promise<Scrape> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`);
  const values = parseExposition(await response.text());
  return { value: (sample) => values.get(sample) ?? 0, samples: [...values.keys()] };
}

/** Throws for an invalid line and for a duplicate sample. */
function parseExposition(text: string): Map<string, number> {
  const values = new Map<string, number>();
  for (const line of text.split('\n').slice(0, -1)) {
    if (/^# (HELP|TYPE) [a-z_0-9]+ \S/.test(line)) continue;
    const [, sample, value] =
      /^([a-z_0-9]+(?:\{(?:[a-z]+="(?:[^"\\\n]|\\.)*",?)+\})?) ([\d.e+-]+|\+Inf)$/.exec(line) ?? [];
    if (sample === undefined || values.has(sample)) throw new Error(`not the text format of Prometheus: ${line}`);
    values.set(sample, Number(value));
  }
  return values;
}
