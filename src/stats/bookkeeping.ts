import type { ClassifyContext } from '../classify/classifier.ts';
import type { RecordStore } from '../store/records.ts';
import type { Metrics } from './metrics/metrics.ts';
import { openRecorder, type RecordedTally, type Recorder } from './recorder.ts';
import type { Savings } from './reports/savings.ts';

export interface BookkeepingOptions {
  readonly store: RecordStore;
  readonly metrics: Metrics;
  readonly savings: Savings;
  readonly timeZone: string;
  /** Records that were not written. */
  readonly onLost: (lost: number, error: unknown) => void;
}

/** A call to an LLM that is over. */
export interface CallFigures {
  /** Of the photo. */
  readonly lane: ClassifyContext['lane'];
  /** `answered`, or the class of the failure. */
  readonly outcome: string;
  readonly durationMs: number;
  readonly usage?: { readonly inputTokens: number; readonly outputTokens: number };
  /** Millionths of a currency unit. */
  readonly costMicro?: number;
}

/** Everything that happens, written down once for reports and counted once for Prometheus. */
export interface Bookkeeping {
  readonly recorder: Recorder;
  called(call: CallFigures): void;
  fellBack(reason: string): void;
  /** Both models were asked for a photo. @param category the LLM's @param isSure of the local model */
  compared(category: string, doAgree: boolean, isSure: boolean): void;
}

export function openBookkeeping({
  store,
  metrics,
  savings,
  timeZone,
  onLost,
}: BookkeepingOptions): Bookkeeping {
  const recorder = openRecorder({
    store,
    timeZone,
    savings,
    onRefused: (error) => onLost(1, error),
    onPhoto({ outcome, durationMs, degraded, kind, sizeBytes, savedMicro, errorCode }) {
      metrics.photos.observe({ outcome }, durationMs / 1000);
      if (degraded) metrics.degraded.inc();
      if (kind === 'upload') metrics.uploadBytes.inc(sizeBytes ?? 0);
      if (savedMicro !== undefined) metrics.llmSaved.inc(savedMicro / 1_000_000);
      if (errorCode !== undefined) metrics.errors.inc({ code: errorCode });
    },
    onRequest({ lookups, lookupHits }) {
      metrics.lookups.inc({ result: 'hit' }, lookupHits);
      metrics.lookups.inc({ result: 'miss' }, lookups - lookupHits);
    },
  });
  return {
    recorder,
    called(call) {
      savings.called(call.costMicro ?? 0, call.outcome === 'answered');
      recorder.tallies(callTallies(call));
    },
    fellBack(reason) {
      metrics.fallbacks.inc({ reason });
      recorder.tallies([{ topic: 'fallback', name: reason }]);
    },
    compared(category, doAgree, isSure) {
      metrics.compared.inc({ verdict: doAgree ? 'same' : 'different' });
      const amount = doAgree ? 1 : 0;
      recorder.tallies([
        { topic: 'agree', name: category, amount },
        { topic: 'sure', name: isSure ? 'sure' : 'unsure', amount },
      ]);
    },
  };
}

function callTallies({ lane, outcome, durationMs, usage, costMicro = 0 }: CallFigures): RecordedTally[] {
  const tallies: RecordedTally[] = [
    { topic: 'call', name: outcome, amount: costMicro, durationMs },
    { topic: 'spent', name: lane, amount: costMicro },
  ];
  if (usage)
    tallies.push(
      { topic: 'tokens', name: 'input', amount: usage.inputTokens },
      { topic: 'tokens', name: 'output', amount: usage.outputTokens },
    );
  return tallies;
}
