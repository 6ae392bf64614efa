import type { ClassifyContext } from '../classify/classifier.ts';
import { VisionError } from '../errors.ts';
import { GateRefusal, type Place } from '../resilience/gate.ts';
import { timeLimit } from '../resilience/time-limit.ts';
import { type Crossing, crossingOf } from './crossing.ts';
import type { Key } from './key-ring.ts';
import type { Provider } from './provider.ts';
import type { Reservation, Spending } from './spending.ts';

/** A call that may be sent now: it holds a place, a way through the circuits, and the money. */
export interface ReadyCall {
  readonly provider: Provider;
  readonly key: Key;
  readonly place: Place;
  readonly crossing: Crossing;
  readonly money: Reservation;
}

const lanes = ['single', 'batch', 'background'] as const satisfies ClassifyContext['lane'][];

/**
 * Waits for a place with a provider.
 * @param key the only one that may be used; a healthy one, where absent
 * @throws VisionError nothing may be sent to it, or not in time; the reason of `context.signal`
 */
export async function readyCall(
  provider: Provider,
  spending: Spending,
  context: ClassifyContext,
  pinned?: Key,
): Promise<ReadyCall> {
  if (spending.isExhausted) throw new VisionError('over_budget');
  const place = await placeFor(provider, context);
  // Chosen now: while it waited for its place, a key may have been put aside.
  const key = pinned ?? provider.keys.next();
  const crossing = key && crossingOf(provider);
  try {
    if (key === undefined) throw new VisionError('no_key');
    if (crossing === undefined) throw new VisionError('turned_away');
    const money = await spending.reserve(provider.price);
    if (context.signal.aborted) money.settle('nothing');
    context.signal.throwIfAborted();
    return { provider, key, place, crossing, money };
  } catch (error) {
    crossing?.end('nobody');
    place.leave('other');
    throw error;
  }
}

/** Gives everything back. */
export function abandon({ place, crossing, money }: ReadyCall): void {
  money.settle('nothing');
  crossing.end('nobody');
  place.leave('other');
}

async function placeFor(provider: Provider, context: ClassifyContext): Promise<Place> {
  const { deadline, signal } = context;
  using patience = timeLimit({ deadline, expired: () => new VisionError('queue_timeout') }, signal);
  try {
    return await provider.account.gate.enter({
      priority: () => lanes.indexOf(context.lane),
      ...(context.caller !== undefined && { share: context.caller }),
      signal: patience.signal,
    });
  } catch (error) {
    if (!(error instanceof GateRefusal)) throw error;
    throw new VisionError(error.why === 'full' ? 'queue_full' : 'turned_away');
  }
}
