/**
 * Whether it happened less than `durationMs` ago, by the wall clock. What seems to lie further than that in the future
 * is not recent: it was recorded before the clock was set back, and would otherwise stay recent until then.
 */
export function isRecent(at: number, durationMs: number, now: number): boolean {
  return Math.abs(now - at) < durationMs;
}
