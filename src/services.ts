import type { Logger } from 'pino';
import { readTaxonomy } from './classify/taxonomy.ts';
import { composeAlbumLane, erasedBy } from './compose/album-lane.ts';
import { composeCache } from './compose/cache.ts';
import { configured } from './compose/configured.ts';
import { driverName, openDriver, openLookups } from './compose/driver.ts';
import { composeImages } from './compose/images.ts';
import { composeJournal } from './compose/journal.ts';
import { openLifecycle } from './compose/lifecycle.ts';
import { composeLlm } from './compose/llm.ts';
import { composeLocalModel } from './compose/local-model.ts';
import { openPipeline } from './compose/pipeline.ts';
import { openStatus } from './compose/status.ts';
import type { Config } from './config.ts';
import { openByteBudget } from './image/upload/byte-budget.ts';
import { openScrape } from './process/cluster-metrics.ts';
import { logThrottle } from './resilience/log-throttle.ts';
import { openLossReport } from './stats/loss-report.ts';
import { openMetrics } from './stats/metrics/metrics.ts';
import { openStats } from './stats/open-stats.ts';
import { watchService } from './stats/service-state.ts';
import { withGroupCommit } from './store/group-commit.ts';
import { withStoreBreaker } from './store/store-breaker.ts';
import type { VisionCallReport } from './vision/calls/call-report.ts';
import type { RunBudget } from './vision/calls/run-budget.ts';
import { promptOf } from './vision/prompt.ts';

export type Services = ReturnType<typeof openServices>;

export interface ServiceHooks {
  /** Every call to a vision LLM, when it is over. */
  readonly onCall?: (call: VisionCallReport) => void;
  /** What this run may spend. */
  readonly runBudget?: RunBudget | undefined;
}

/** Builds every part of the service. */
export function openServices(config: Config, log: Logger, { onCall, runBudget }: ServiceHooks = {}) {
  const { strategy, timeZone, shadowPercent } = config;
  const metrics = openMetrics();
  const taxonomy = configured(() => readTaxonomy(config.taxonomyFile));
  const prompt = promptOf({ taxonomy, ...config.prompt });
  const version = `${taxonomy.version}/${prompt.version}/${config.cache.epoch}`;
  const local = composeLocalModel(config, taxonomy);
  const localModel = local.manifest?.model;

  const store = withStoreBreaker(openDriver(config), { logger: log });
  const onLost = openLossReport({ metrics, log });
  const journal = composeJournal(config, { store, metrics, log });
  const grouped = withGroupCommit({ ...store, ...journal.writes }, { hitRecords: config.hitRecords, onLost });
  const lookups = openLookups(config, grouped, log);
  const core = { log, store, journal, grouped, lookups };
  const hasAlbumLane = config.llm?.providers.some(({ lane }) => lane) ?? false;
  const stats = openStats({
    ...{ store: grouped, reports: store.reports, metrics, timeZone, hasAlbumLane, log, onLost },
  });
  const cache = composeCache(config, {
    ...{ ...core, version, taxonomy, local, metrics },
    onErase: (erasures) => albumLane?.forget(erasedBy(erasures)),
  });
  const childLost = (loss: string) => metrics.childrenLost.inc({ loss });
  const images = composeImages(config, local, { log, hooks: { childLost } });
  const vision = composeLlm(config, {
    ...{ taxonomy, prompt, timeZone, log, metrics, stats, onCall, runBudget },
    ledger: store,
    refusals: store,
    hasFallback: local.classifier !== undefined,
  });
  const fallbacks = logThrottle<string>((reason, count) =>
    log.warn({ reason, count }, 'the LLM did not answer; the local model does'),
  );
  const albumLane = composeAlbumLane(config, { vision, local, results: cache.results, metrics, store });
  const classifier = openPipeline(strategy, {
    results: cache.results,
    leases: grouped,
    version,
    llm: vision?.classifier,
    local: local.classifier,
    albumLane,
    rules: { ...local, ...config.cache, shadowPercent, isLocalFree: images.isFree },
    hooks: {
      onReadFailure: () => metrics.readFailures.inc(),
      onNearDuplicateLookup: (outcome) => metrics.nearDuplicates.inc({ outcome }),
      onLease: (outcome) => metrics.leases.inc({ outcome }),
      onCompared: stats.compared,
      onFallback(reason) {
        stats.fellBack(reason);
        fallbacks.add(reason, reason);
      },
    },
  });
  const lifecycle = openLifecycle(config, { ...core, stats, cache, images, vision, albumLane, fallbacks });
  const status = openStatus(config, {
    ...core,
    pool: images.pool,
    vision,
    albumLane,
    isReady: lifecycle.isReady,
  });
  watchService(metrics.registry, status.state);
  return {
    ...{ log, taxonomy, classifier, albumLane, stats, metrics, ...status, ...lifecycle },
    descriptionLanguage: config.prompt.language,
    limits: config.limits,
    local: local.classifier,
    cache: cache.results,
    cacheOperations: cache.operations,
    photos: images.photos,
    budget: openByteBudget({
      limitBytes: config.limits.uploadBudgetBytes,
      minBytesPerS: config.limits.minUploadRate,
    }),
    recorder: stats.recorder,
    scrape: openScrape(metrics.registry),
    models: { strategy, llm: vision?.name, local: localModel },
    clientRules: config.http.clientRules,
    apiKeys: store.apiKeys,
    /** Of stored results: taxonomy, prompt and epoch. */
    resultVersion: version,
    /** For people: what runs. */
    describe: {
      store: driverName(config),
      strategy: `${strategy}${vision ? `, LLM ${vision.name}` : ''}`,
      /** Undefined: none. */
      local: localModel,
      children: config.inference.processes,
    },
  };
}
