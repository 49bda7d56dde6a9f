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

/** A histogram of latencies. Those of several threads can be added without loss; percentiles are never averaged. */
export class Latencies {
  readonly #histogram: hdr.Histogram;
  /** Exact: the histogram's own maximum is rounded when it is encoded. */
  #maxMicros = 0;

  constructor(histogram: hdr.Histogram = hdr.build(options)) {
    this.#histogram = histogram;
  }

  record(micros: number): void {
    // Rounding of the clock may make a very short latency negative.
    const value = Math.min(Math.max(micros, options.lowestDiscernibleValue), options.highestTrackableValue);
    this.#maxMicros = Math.max(this.#maxMicros, value);
    this.#histogram.recordValue(value);
  }

  get count(): number {
    return this.#histogram.totalCount;
  }

  add(other: Latencies): void {
    this.#histogram.add(other.#histogram);
    this.#maxMicros = Math.max(this.#maxMicros, other.#maxMicros);
  }

  reset(): void {
    this.#histogram.reset();
    this.#maxMicros = 0;
  }

  /** Quantiles in milliseconds; undefined when nothing was recorded. */
  quantiles(): Quantiles | undefined {
    if (this.count === 0) return undefined;
    const at = (percentile: number) => this.#histogram.getValueAtPercentile(percentile) / 1000;
    return { p50: at(50), p90: at(90), p99: at(99), p999: at(99.9), max: this.#maxMicros / 1000 };
  }

  /** The exact maximum, then HdrHistogram's own compressed form. */
  encode(): string {
    return `${this.#maxMicros} ${hdr.encodeIntoCompressedBase64(this.#histogram)}`;
  }

  static decode(text: string): Latencies {
    const [max, histogram] = text.split(" ");
    if (histogram === undefined) throw new Error(`a recording of ${text.length} characters has no histogram`);
    const latencies = new Latencies(hdr.decodeFromCompressedBase64(histogram));
    latencies.#maxMicros = Number(max);
    return latencies;
  }
}

/** Adds up the recordings of several threads. */
export function merged(encoded: readonly string[]): Latencies {
  const sum = new Latencies();
  for (const text of encoded) sum.add(Latencies.decode(text));
  return sum;
}
