import * as hdr from "hdr-histogram-js";

/** Microseconds up to a minute and a half, three significant digits. */
const options = {
  lowestDiscernibleValue: 1,
  highestTrackableValue: 90_000_000,
  numberOfSignificantValueDigits: 3,
  bitBucketSize: 32,
} as const;

export interface Quantiles {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** Latencies, kept so that those of several threads can be added without loss; percentiles are never averaged. */
export class Latencies {
  readonly #histogram: hdr.Histogram;

  constructor(histogram: hdr.Histogram = hdr.build(options)) {
    this.#histogram = histogram;
  }

  record(micros: number): void {
    // A clock's last digit may make an instant latency negative.
    this.#histogram.recordValue(micros < 1 ? 1 : Math.min(micros, options.highestTrackableValue));
  }

  get count(): number {
    return this.#histogram.totalCount;
  }

  add(other: Latencies): void {
    this.#histogram.add(other.#histogram);
  }

  reset(): void {
    this.#histogram.reset();
  }

  /** In milliseconds; undefined when nothing was recorded. */
  quantiles(): Quantiles | undefined {
    if (this.count === 0) return undefined;
    const at = (percentile: number) => this.#histogram.getValueAtPercentile(percentile) / 1000;
    return { p50: at(50), p90: at(90), p99: at(99), p999: at(99.9), max: this.#histogram.maxValue / 1000 };
  }

  /** HdrHistogram's own compressed form. */
  encode(): string {
    return hdr.encodeIntoCompressedBase64(this.#histogram);
  }

  static decode(text: string): Latencies {
    return new Latencies(hdr.decodeFromCompressedBase64(text));
  }
}

/** Adds up what several threads recorded. */
export function merged(encoded: readonly string[]): Latencies {
  const sum = new Latencies();
  for (const text of encoded) sum.add(Latencies.decode(text));
  return sum;
}
