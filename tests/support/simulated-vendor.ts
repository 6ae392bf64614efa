import { type Failure, VendorError } from '../../src/vision/wire/vendor-error.ts';
import type { VisionModel } from '../../src/vision/wire/vision-model.ts';

/** What a vendor that exists in simulated time only does with calls. */
export interface VendorRules {
  /** Of an accepted call, from its arrival to its answer. */
  readonly callMs: number;
  /** Calls at once; the others are refused. */
  readonly atOnce?: number;
  /** Calls in each second, or each `windowMs`; the others are refused. */
  readonly perWindow?: number;
  readonly windowMs?: number;
  /** What a refusal looks like, 429 where absent. */
  readonly refusal?: Failure;
  /** Rate headers on every answer, or `Retry-After` on refusals. */
  readonly states?: 'rate' | 'retry-after';
  readonly refusalMs?: number;
  /** Numbers of calls that are refused for no reason, from 0. */
  readonly strays?: readonly number[];
  /** While it lasts, nothing gets through. */
  readonly outage?: {
    readonly fromMs: number;
    readonly toMs: number;
    readonly kind: 'down' | 'hangs' | 'errors';
  };
  /** While it lasts, calls take longer. */
  readonly slow?: { readonly fromMs: number; readonly toMs: number; readonly times: number };
  /** Calls at once beyond which each takes longer, as of one graphics card. */
  readonly shares?: number;
}

export interface SimulatedVendor {
  readonly model: VisionModel;
  readonly calls: number;
  readonly refused: number;
  readonly answered: number;
}

const rateLimited: Failure = { status: 429, error: { codes: ['rate_limit_exceeded'] } };

/** @param nowMs of the simulated time, in which `setTimeout` counts too */
export function simulatedVendor(rules: VendorRules, nowMs: () => number): SimulatedVendor {
  const { callMs, atOnce = Infinity, perWindow = Infinity, windowMs = 1_000, refusalMs = 10 } = rules;
  let [calls, refused, answered, inFlight] = [0, 0, 0, 0];
  let window = { startMs: Number.NEGATIVE_INFINITY, count: 0 };

  function headersNow(isRefused: boolean): Headers {
    const resetMs = Math.ceil(window.startMs + windowMs - nowMs());
    if (rules.states === 'retry-after')
      return new Headers(isRefused ? { 'retry-after-ms': String(resetMs) } : {});
    if (rules.states !== 'rate') return new Headers();
    return new Headers({
      'x-ratelimit-limit-requests': String(perWindow),
      'x-ratelimit-remaining-requests': String(Math.max(0, perWindow - window.count)),
      'x-ratelimit-reset-requests': `${resetMs}ms`,
    });
  }

  const isIn = ({ fromMs, toMs }: { fromMs: number; toMs: number }) => nowMs() >= fromMs && nowMs() < toMs;

  async function serve(signal: AbortSignal): Promise<Headers> {
    const index = calls++;
    if (rules.outage && isIn(rules.outage)) {
      if (rules.outage.kind === 'hangs') await passed(Infinity, signal);
      await passed(rules.outage.kind === 'down' ? 1 : refusalMs, signal);
      throw new VendorError(rules.outage.kind === 'down' ? { network: 'ECONNREFUSED' } : { status: 503 });
    }
    if (nowMs() - window.startMs >= windowMs) window = { startMs: nowMs(), count: 0 };
    const isRefused = inFlight >= atOnce || window.count >= perWindow || rules.strays?.includes(index);
    if (isRefused) {
      refused++;
      const headers = headersNow(true);
      await passed(refusalMs, signal);
      throw new VendorError({ ...(rules.refusal ?? rateLimited), headers });
    }
    window.count++;
    inFlight++;
    const headers = headersNow(false);
    try {
      const crowd = Math.max(1, inFlight / (rules.shares ?? Infinity));
      await passed(callMs * crowd * (rules.slow && isIn(rules.slow) ? rules.slow.times : 1), signal);
      answered++;
      return headers;
    } finally {
      inFlight--;
    }
  }

  return {
    model: {
      name: 'simulated',
      async ask(_question, signal) {
        const headers = await serve(signal);
        return { text: '{"category":"pets","confidence":0.9}', headers };
      },
    },
    get calls() {
      return calls;
    },
    get refused() {
      return refused;
    },
    get answered() {
      return answered;
    },
  };
}

function passed(durationMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = Number.isFinite(durationMs) ? setTimeout(resolve, durationMs) : undefined;
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
