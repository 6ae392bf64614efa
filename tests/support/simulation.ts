import { pino } from 'pino';
import { withSingleFlight } from '../../src/cache/single-flight.ts';
import { type Classifier, type ClassifyContext, fresh } from '../../src/classify/classifier.ts';
import { withFallback } from '../../src/classify/fallback.ts';
import { deadlineIn } from '../../src/resilience/deadline.ts';
import { RetryBudget } from '../../src/resilience/retry-budget.ts';
import { keyRing } from '../../src/vision/calls/key-ring.ts';
import { openProviders } from '../../src/vision/calls/open-providers.ts';
import { readCatalogue } from '../../src/vision/catalogue/catalogue.ts';
import { backoff, repetitions } from '../../src/vision/open-vision.ts';
import { visionClassifier } from '../../src/vision/vision-classifier.ts';
import { withFakeClock } from './fake-clock.ts';
import { fakePhoto } from './fake-photo.ts';
import { type SimulatedVendor, simulatedVendor, type VendorRules } from './simulated-vendor.ts';
import { llmOptions, visionOptions } from './vision.ts';

export interface Arrival {
  readonly atMs: number;
  readonly lane: ClassifyContext['lane'];
  readonly deadlineMs: number;
}

export interface Outcome extends Arrival {
  readonly tookMs: number;
  readonly isByLlm: boolean;
}

export interface Simulated {
  readonly outcomes: readonly Outcome[];
  readonly vendors: readonly SimulatedVendor[];
  readonly endedMs: number;
}

export interface SimulationOptions {
  /** Of all vendors. */
  readonly maxConcurrency?: number;
  readonly maxRate?: number;
  /** A call's own time limit. */
  readonly timeoutMs?: number;
  readonly log?: pino.Logger;
}

const catalogue = readCatalogue(undefined);
const localMs = 30;
const local: Classifier = {
  async classify() {
    await new Promise((resolve) => setTimeout(resolve, localMs));
    return fresh({ category: 'foods', confidence: 0.8, method: 'local', model: 'local' });
  },
};

/** The LLM side as the service puts it together, before vendors of simulated time. */
export function simulate(
  rules: readonly VendorRules[],
  arrivals: readonly Arrival[],
  options: SimulationOptions = {},
): Promise<Simulated> {
  return withFakeClock(async (clock) => {
    const vendors = rules.map((one) => simulatedVendor(one, clock.nowMs));
    const log = options.log ?? pino({ level: 'silent' });
    const [template] = llmOptions('http://127.0.0.1:9').providers;
    const named = vendors.map((_, index) => ({
      ...(template as NonNullable<typeof template>),
      name: `vendor-${index}`,
      account: `vendor-${index}`,
      timeoutMs: options.timeoutMs ?? 20_000,
      maxConcurrency: options.maxConcurrency,
      maxRate: options.maxRate,
    }));
    const llm = llmOptions('http://127.0.0.1:9', { providers: named });
    const opened = openProviders(llm, { catalogue, log });
    const providers = opened.providers.map((provider, index) => ({
      ...provider,
      keys: keyRing([{ fingerprint: 'fake', model: (vendors[index] as SimulatedVendor).model }]),
      price: undefined,
    }));
    const vision = visionClassifier(
      visionOptions(providers, {
        backoff,
        retryBudget: new RetryBudget(repetitions),
        hasFallback: true,
        log,
      }),
    );
    const classifier = withFallback(withSingleFlight(vision), local);
    const outcomes = await Promise.all(
      arrivals.map(async (arrival, index): Promise<Outcome> => {
        await clock.until(arrival.atMs);
        const answer = await classifier.classify(fakePhoto(Buffer.from(String(index))), {
          deadline: deadlineIn(arrival.deadlineMs),
          signal: new AbortController().signal,
          lane: arrival.lane,
        });
        return {
          ...arrival,
          tookMs: clock.nowMs() - arrival.atMs,
          isByLlm: answer.classification.method === 'llm',
        };
      }),
    );
    return { outcomes, vendors, endedMs: clock.nowMs() };
  });
}

export const single = (atMs: number): Arrival => ({ atMs, lane: 'single', deadlineMs: 25_000 });

export const batch = (atMs: number, photos = 20): Arrival[] =>
  Array.from({ length: photos }, () => ({ atMs, lane: 'batch' as const, deadlineMs: 55_000 }));
