/** What may be spent in a day (`2026-11-22`) or a month (`2026-11`): millionths of a currency unit, Infinity for any. */
export interface SpendCap {
  readonly period: string;
  readonly capMicro: number;
}

/** A whole number that every driver takes for an amount. */
export function wholeMicro(amount: number): number {
  const bound = Number.MAX_SAFE_INTEGER / 2;
  return Math.min(bound, Math.max(-bound, Math.round(amount)));
}
