import { Counter, Gauge, Histogram, type Registry } from '@prometheus-io/client';

/** One call to a vision LLM, when it is over. */
export interface LlmCall {
  readonly provider: string;
  readonly model: string;
  readonly attempt: number;
  readonly outcome: string;
  readonly durationMs: number;
  readonly waitedMs: number;
  readonly usage?: { readonly inputTokens: number; readonly outputTokens: number };
  readonly costMicro?: number;
}

export interface LlmState {
  readonly isOverBudget: boolean;
  readonly providers: readonly {
    readonly name: string;
    readonly account: string;
    readonly circuit: keyof typeof circuitValues;
    readonly healthyKeys: number;
    readonly limiter: { readonly inFlight: number; readonly waiting: number; readonly limit: number };
  }[];
}

const circuitValues = { closed: 0, 'half-open': 1, open: 2 } as const;
const secondsBuckets = [0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 32];

/** Metrics of LLM calls: calls as they end, state as of the scrape. */
export function openLlmMetrics(registry: Registry) {
  const registers = [registry];
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Counter({ name: `album_llm_${name}`, help, labelNames: [...labelNames], registers });
  const seconds = (name: string, help: string) =>
    new Histogram({
      name: `album_llm_${name}_seconds`,
      help,
      labelNames: ['provider'],
      buckets: secondsBuckets,
      registers,
    });
  const calls = counter('calls_total', 'Calls sent to a vision LLM', ['provider', 'model', 'outcome']);
  const repeats = counter('retries_total', 'Calls after the first for one photo', ['provider']);
  const tokens = counter('tokens_total', 'Tokens as the vendor counts them', ['provider', 'direction']);
  const cost = counter('cost_total', 'What calls have cost, in the currency of the first provider', [
    'provider',
  ]);
  const alerts = counter('alerts_total', 'Failures that need an operator', ['provider', 'reason']);
  const duration = seconds('call_duration', 'Time from sending a call to its end');
  const queue = seconds('queue', 'Wait of sent calls for their turn');
  return {
    call(call: LlmCall) {
      const { provider, model, outcome, usage, costMicro } = call;
      calls.inc({ provider, model, outcome });
      if (call.attempt > 1) repeats.inc({ provider });
      duration.observe({ provider }, call.durationMs / 1_000);
      queue.observe({ provider }, call.waitedMs / 1_000);
      if (usage) {
        tokens.inc({ provider, direction: 'input' }, usage.inputTokens);
        tokens.inc({ provider, direction: 'output' }, usage.outputTokens);
      }
      if (costMicro !== undefined) cost.inc({ provider }, costMicro / 1_000_000);
    },
    alert: ({ provider, reason }: { provider: string; reason: string }) => alerts.inc({ provider, reason }),
    watch: (state: () => LlmState) => watchState(registry, state),
  };
}

function watchState(registry: Registry, state: () => LlmState): void {
  const gauge = (
    name: string,
    help: string,
    label: 'account' | 'provider',
    value: (provider: LlmState['providers'][number]) => number,
  ) =>
    new Gauge({
      name: `album_llm_${name}`,
      help,
      labelNames: [label],
      registers: [registry],
      collect() {
        for (const provider of state().providers)
          this.set({ [label]: label === 'account' ? provider.account : provider.name }, value(provider));
      },
    });
  gauge('in_flight', 'Calls under way', 'account', ({ limiter }) => limiter.inFlight);
  gauge('waiting', 'Calls that wait for their turn', 'account', ({ limiter }) => limiter.waiting);
  gauge('limit', 'Calls that may be under way', 'account', ({ limiter }) => limiter.limit);
  gauge('circuit', '0 closed, 1 half-open, 2 open', 'provider', ({ circuit }) => circuitValues[circuit]);
  gauge('healthy_keys', 'Keys that are not put aside', 'provider', ({ healthyKeys }) => healthyKeys);
  new Gauge({
    name: 'album_llm_over_budget',
    help: '1 while a cap on spending is reached and the local model answers',
    registers: [registry],
    collect() {
      this.set(state().isOverBudget ? 1 : 0);
    },
  });
}
