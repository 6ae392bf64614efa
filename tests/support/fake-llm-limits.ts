import { setTimeout as sleep } from 'node:timers/promises';
import type { FakeBehaviour, FakeError } from './fake-llm-behaviour.ts';
import { type VendorName, vendorErrors } from './vendor-errors.ts';

export interface FakeLimits {
  readonly perSecond?: number;
  readonly perMinute?: number;
  /** Whole seconds in `Retry-After` of a refusal; absent: the vendor does not send it. */
  readonly hasRetryAfter?: boolean;
  /** `x-ratelimit-*` on every answer, as OpenAI sends them. */
  readonly hasRateHeaders?: boolean;
  readonly vendor?: VendorName;
  readonly nowMs?: () => number;
}

export interface FakeQuota {
  /** What the vendor does with a call: as `otherwise`, or a refusal. */
  take(otherwise: FakeBehaviour): FakeBehaviour;
  /** From now on. */
  change(limits: FakeLimits): void;
  readonly taken: number;
  readonly refused: number;
}

/** Windows of a whole second and a whole minute, counted from the first call in each; refused calls don't count. */
export function fakeQuota(initial: FakeLimits): FakeQuota {
  let limits = initial;
  const windows = { second: { startMs: 0, count: 0 }, minute: { startMs: 0, count: 0 } };
  let taken = 0;
  let refused = 0;

  function used(name: 'second' | 'minute', lengthMs: number, nowMs: number) {
    const window = windows[name];
    if (nowMs - window.startMs >= lengthMs) {
      window.startMs = nowMs;
      window.count = 0;
    }
    return { window, resetMs: window.startMs + lengthMs - nowMs };
  }

  return {
    take(otherwise) {
      const nowMs = (limits.nowMs ?? (() => performance.now()))();
      const open = [
        { ...used('second', 1_000, nowMs), max: limits.perSecond ?? Infinity },
        { ...used('minute', 60_000, nowMs), max: limits.perMinute ?? Infinity },
      ];
      const full = open.find(({ window, max }) => window.count >= max);
      if (!full) for (const { window } of open) window.count++;
      const tightest =
        full ?? open.reduce((a, b) => (a.max - a.window.count < b.max - b.window.count ? a : b));
      const headers: Record<string, string> = {};
      if (limits.hasRateHeaders && Number.isFinite(tightest.max)) {
        headers['x-ratelimit-limit-requests'] = String(tightest.max);
        headers['x-ratelimit-remaining-requests'] = String(tightest.max - tightest.window.count);
        headers['x-ratelimit-reset-requests'] = `${Math.ceil(tightest.resetMs)}ms`;
      }
      if (!full) {
        taken++;
        return { ...otherwise, headers };
      }
      refused++;
      if (limits.hasRetryAfter) headers['retry-after'] = String(Math.ceil(full.resetMs / 1_000));
      const { status, body } = vendorErrors[limits.vendor ?? 'openai'].rate;
      return { status, body, headers };
    },
    change(next) {
      limits = { ...next, ...(limits.nowMs && { nowMs: limits.nowMs }) };
    },
    get taken() {
      return taken;
    },
    get refused() {
      return refused;
    },
  };
}

/** A vendor that takes so many calls at once and refuses the others. */
export function fakeAtOnce(most: number, refusal: FakeError = vendorErrors.openai.concurrent) {
  let underWay = 0;
  const counts = { taken: 0, refused: 0 };
  return {
    counts,
    /** What the vendor does with a call, when its time is over: as `otherwise`, or a refusal. */
    async take(otherwise: FakeBehaviour): Promise<FakeBehaviour> {
      if (underWay >= most) {
        counts.refused++;
        return refusal;
      }
      underWay++;
      counts.taken++;
      await sleep(otherwise.latencyMs ?? 0);
      underWay--;
      return { ...otherwise, latencyMs: 0 };
    },
  };
}
