/** How long something usually takes: a running mean, in which the last few count most. */
export interface UsualTime {
  /** Undefined until one is known. */
  readonly ms: number | undefined;
  add(durationMs: number): void;
}

const weight = 1 / 8;

export function usualTime(): UsualTime {
  let meanMs: number | undefined;
  return {
    get ms() {
      return meanMs;
    },
    add(durationMs) {
      meanMs = meanMs === undefined ? durationMs : meanMs + (durationMs - meanMs) * weight;
    },
  };
}
