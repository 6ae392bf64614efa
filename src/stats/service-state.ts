import type { Metrics } from './metrics.ts';

/** How the parts of this process are doing at the moment. */
export interface ServiceState {
  readonly isTaking: boolean;
  readonly isStoreUp: boolean;
  readonly children: {
    readonly size: number;
    readonly ready: number;
    readonly busy: number;
    readonly queued: number;
  };
  /** Absent where no LLM is configured. */
  readonly llm?: {
    readonly isOverBudget: boolean;
    readonly providers: readonly ProviderState[];
  };
}

export interface ProviderState {
  readonly name: string;
  readonly model: string;
  readonly account: string;
  readonly circuit: string;
  readonly accountCircuit: string;
  readonly healthyKeys: number;
  readonly gate: { readonly inFlight: number; readonly waiting: number; readonly limit: number };
}

/** Brings the gauges up to date; called before every scrape. */
export function showState({ gauges }: Metrics, { isTaking, isStoreUp, children }: ServiceState): void {
  gauges.ready.set(isTaking ? 1 : 0);
  gauges.storeUp.set(isStoreUp ? 1 : 0);
  gauges.children.set({ state: 'busy' }, children.busy);
  gauges.children.set({ state: 'idle' }, children.ready - children.busy);
  gauges.children.set({ state: 'down' }, children.size - children.ready);
  gauges.photosWaiting.set(children.queued);
}
