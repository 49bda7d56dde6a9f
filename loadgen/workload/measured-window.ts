/** When a stretch of load begins, and which part of it is measured, on the clock that all threads share. */
export class MeasuredWindow {
  #startMs = Number.POSITIVE_INFINITY;
  #warmUpMs = 0;
  #durationMs = 0;

  /** Begins another stretch. Before the first, no time is measured. */
  begin(startMs: number, seconds: { readonly warmUpSeconds: number; readonly durationSeconds: number }): void {
    this.#startMs = startMs;
    this.#warmUpMs = seconds.warmUpSeconds * 1000;
    this.#durationMs = seconds.durationSeconds * 1000;
  }

  /** Ends the stretch at this time, if that is before its end. */
  cutShort(atMs: number): void {
    this.#durationMs = Math.min(this.#durationMs, Math.max(0, atMs - this.fromMs));
  }

  get startMs(): number {
    return this.#startMs;
  }

  get fromMs(): number {
    return this.#startMs + this.#warmUpMs;
  }

  get untilMs(): number {
    return this.fromMs + this.#durationMs;
  }

  contains(atMs: number): boolean {
    return atMs >= this.fromMs && atMs < this.untilMs;
  }
}
