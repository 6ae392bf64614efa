import { Gauge, type Registry } from '@prometheus-io/client';

export interface WatchedModels {
  readonly providers: readonly {
    readonly name: string;
    readonly model: string;
    readonly modelState: { readonly warning?: string; readonly daysLeft?: number };
  }[];
}

/** Days until LLM models shut down, read at each scrape. */
export function watchModels(registry: Registry, state: () => WatchedModels): void {
  new Gauge({
    name: 'album_llm_model_days_until_shutdown',
    help: 'Days until the model ends, where that day is known; 0 or less: it has ended',
    labelNames: ['provider', 'model'],
    registers: [registry],
    aggregator: 'min',
    collect() {
      this.reset();
      for (const { name, model, modelState } of state().providers)
        if (modelState.daysLeft !== undefined) this.set({ provider: name, model }, modelState.daysLeft);
    },
  });
  new Gauge({
    name: 'album_llm_model_warning',
    help: '1 for a model that is shut_down, shuts_down_soon (60 days), or unknown to its vendor',
    labelNames: ['provider', 'model', 'warning'],
    registers: [registry],
    aggregator: 'max',
    collect() {
      this.reset();
      for (const { name, model, modelState } of state().providers)
        if (modelState.warning) this.set({ provider: name, model, warning: modelState.warning }, 1);
    },
  });
}
