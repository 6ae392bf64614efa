import type { VisionState } from './open-vision.ts';

/** Calls that may be under way, of all accounts. */
export function gatePlaces({ providers }: VisionState): number {
  const accounts = new Map(providers.map(({ account, gate }) => [account, gate.limit]));
  return [...accounts.values()].reduce((sum, limit) => sum + limit, 0);
}
