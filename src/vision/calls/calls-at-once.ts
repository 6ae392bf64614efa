import type { VisionState } from '../open-vision.ts';

/** Calls that may be under way, of all accounts. */
export function callsAtOnce({ providers }: VisionState): number {
  const limits = new Map(providers.map(({ account, limiter }) => [account, limiter.limit]));
  return [...limits.values()].reduce((sum, limit) => sum + limit, 0);
}
