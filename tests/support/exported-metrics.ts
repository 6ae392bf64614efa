import { openAlbumLaneMetrics } from '../../src/stats/metrics/album-lane-metrics.ts';
import { openLlmMetrics } from '../../src/stats/metrics/llm-metrics.ts';
import { openMetrics, showBuild } from '../../src/stats/metrics/metrics.ts';
import { watchModels } from '../../src/stats/metrics/model-metrics.ts';
import { watchService } from '../../src/stats/service-state.ts';

/** Names of all metrics on /metrics; a histogram has three. */
export async function exportedMetrics(): Promise<ReadonlySet<string>> {
  const metrics = openMetrics();
  const { registry } = metrics;
  metrics.watchLog(() => 0);
  showBuild(registry, { version: '1.0.0' });
  openLlmMetrics(registry).watch(() => ({ isOverBudget: false, providers: [] }));
  openAlbumLaneMetrics(registry).watch(() => ({ photos: 0, bytes: 0 }));
  watchModels(registry, () => ({ providers: [] }));
  watchService(registry, () => ({
    isTaking: true,
    isStoreUp: true,
    waitingWrites: {},
    claimTrust: 'own',
    children: { size: 1, ready: 1, busy: 0, queued: 0, drainMs: 0 },
  }));
  const exported = await registry.getMetricsAsJSON();
  return new Set(
    exported.flatMap(({ name, type }) =>
      String(type) === 'histogram' ? ['_bucket', '_count', '_sum'].map((suffix) => name + suffix) : [name],
    ),
  );
}
