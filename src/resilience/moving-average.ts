const weight = 1 / 8;

/** Of durations: the last few count most. */
export class MovingAverage {
  #ms: number | undefined;

  /** Undefined until one is known. */
  get ms(): number | undefined {
    return this.#ms;
  }

  add(durationMs: number): void {
    this.#ms = this.#ms === undefined ? durationMs : this.#ms + (durationMs - this.#ms) * weight;
  }
}
