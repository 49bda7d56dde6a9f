/** When a run begins and which part of it is measured, on the clock that all threads share. */
export class MeasuredWindow {
  readonly #warmUpMs: number;
  readonly #durationMs: number;
  startMs = Number.POSITIVE_INFINITY;

  constructor(seconds: { readonly warmUpSeconds: number; readonly durationSeconds: number }) {
    this.#warmUpMs = seconds.warmUpSeconds * 1000;
    this.#durationMs = seconds.durationSeconds * 1000;
  }

  get fromMs(): number {
    return this.startMs + this.#warmUpMs;
  }

  get untilMs(): number {
    return this.fromMs + this.#durationMs;
  }

  contains(atMs: number): boolean {
    return atMs >= this.fromMs && atMs < this.untilMs;
  }
}
