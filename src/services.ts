import type { Logger } from 'pino';
import { classifierFor } from './classify/strategy.ts';
import { readTaxonomy } from './classify/taxonomy.ts';
import { openCacheSide } from './compose/cache-side.ts';
import { configured } from './compose/configured.ts';
import { driverName, openDriver } from './compose/driver.ts';
import { openImageSide } from './compose/image-side.ts';
import { openLlmSide } from './compose/llm-side.ts';
import { openLocalSide } from './compose/local-side.ts';
import type { Config } from './config.ts';
import type { HttpDependencies } from './http/dependencies.ts';
import { openByteBudget } from './image/upload/byte-budget.ts';
import { openScrape } from './process/cluster-metrics.ts';
import { countedLines } from './resilience/counted-lines.ts';
import { openLossReport } from './stats/loss-report.ts';
import { openMetrics } from './stats/metrics/metrics.ts';
import { openStats } from './stats/open-stats.ts';
import { watchService } from './stats/service-state.ts';
import { withGroupCommit } from './store/group-commit.ts';
import { withStoreBreaker } from './store/store-breaker.ts';
import type { VisionCallReport } from './vision/calls/call-report.ts';
import { callsAtOnce } from './vision/calls/calls-at-once.ts';
import { promptOf } from './vision/prompt.ts';
import { unconfigured } from './vision/unconfigured.ts';

export interface Services extends Omit<HttpDependencies, 'opsRule' | 'version'> {
  /** Resolves when photos can be classified, or it is known that they can't for now. */
  ready(): Promise<void>;
  /** What is wrong with the models of the LLM side, once their vendors were asked: a matter of seconds. */
  modelNotices(): Promise<readonly string[]>;
  /** From now on not ready: an orchestrator sends nobody here any more. */
  stopTaking(): void;
  /** Finishes what is under way, flushes records, leaves no process behind. */
  close(): Promise<void>;
  /** Of stored results: taxonomy, prompt and epoch. */
  readonly resultVersion: string;
  /** What answers of the local model name as their model. */
  readonly localModel: string | undefined;
  /** For people: what runs. */
  readonly describe: { readonly store: string; readonly strategy: string; readonly local: string };
}

export interface ServiceHooks {
  /** Every call to a vision LLM, when it is over. */
  readonly onCall?: (call: VisionCallReport) => void;
}

/** Builds every part of the service, and closes them in reverse. */
export function openServices(config: Config, log: Logger, { onCall }: ServiceHooks = {}): Services {
  const { strategy, timeZone } = config;
  const metrics = openMetrics();
  const taxonomy = configured(() => readTaxonomy(config.taxonomyFile));
  const prompt = promptOf({ taxonomy, ...config.prompt });
  const version = `${taxonomy.version}/${prompt.version}/${config.cache.epoch}`;
  const local = openLocalSide(config, taxonomy);

  const store = withStoreBreaker(openDriver(config), { logger: log });
  const onLost = openLossReport({ metrics, log });
  const grouped = withGroupCommit(store, { hitRecords: config.hitRecords, onLost });
  const stats = openStats({ store: grouped, reports: store.reports, metrics, timeZone, log, onLost });
  const cache = openCacheSide(config, { store, grouped, version, taxonomy, local, metrics, log });

  const childLost = (loss: string) => metrics.childrenLost.inc({ loss });
  const { photos, pool, ...images } = openImageSide(config, local, { log, hooks: { childLost } });
  const llm = openLlmSide(config, {
    ...{ taxonomy, prompt, timeZone, log, local, metrics, stats, onCall },
    ledger: store,
    refusals: store,
  });
  const { vision } = llm;
  const fallbacks = countedLines<string>((reason, count) =>
    log.warn({ reason, count }, 'the LLM did not answer; the local model does'),
  );
  const answering = classifierFor(strategy, {
    local: local.classifier ?? unconfigured,
    vision: llm.classifier,
    shared: cache.shared,
    paid: cache.paid,
    isSure: local.isSure,
    onFallback(reason) {
      stats.fellBack(reason);
      fallbacks.add(reason, reason);
    },
  });

  let isTaking = false;
  let modelsChecked: Promise<void> | undefined;
  /** Every answer needs a decoder, and one of the two models. */
  function canAnswer(): boolean {
    const { ready, modelError } = pool.status();
    // One child may be on its way back: until two starts have failed there is no reason to turn phones away.
    return (ready > 0 || modelError === undefined) && (modelError === undefined || vision !== undefined);
  }
  const state = () => ({
    isTaking,
    isStoreUp: store.isUp(),
    claimTrust: config.claimTrust,
    children: pool.status(),
    ...(vision && { llm: vision.state() }),
  });
  watchService(metrics.registry, state);
  return {
    log,
    taxonomy,
    descriptionLanguage: config.prompt.language,
    limits: config.limits,
    classifier: cache.answering(answering),
    local: local.classifier,
    cache: cache.results,
    cacheOperations: cache.operations,
    photos,
    budget: openByteBudget({ limitBytes: config.limits.uploadBudgetBytes }),
    stats,
    recorder: stats.recorder,
    metrics,
    scrape: openScrape(metrics.registry),
    state,
    models: { strategy, llm: vision?.name, local: local.manifest?.model },
    clientRules: config.http.clientRules,
    apiKeys: store.apiKeys,
    health: () => ({
      database: store.isUp() ? 'connected' : 'disconnected',
      modelApi: canAnswer() ? 'available' : 'unavailable',
      ...(vision && { llm: vision.health() }),
      llmModel: vision?.models.worst(),
      claimTrust: config.claimTrust,
      llmFailure: vision?.worstFailure(),
    }),
    photosAtOnce() {
      const calls = vision ? callsAtOnce(vision.state()) : 0;
      // More than the provider takes: the next ones are decoded while it is at work.
      return calls + Math.max(config.inference.processes + 1, Math.ceil(calls / 2));
    },
    resultVersion: version,
    localModel: local.manifest?.model,
    isReady: () => isTaking,
    async modelNotices() {
      await modelsChecked;
      return vision?.models.notices() ?? [];
    },
    async ready() {
      if (strategy !== 'local-only') modelsChecked = vision?.models.start();
      const [isUp] = await Promise.all([
        store.start(),
        pool.ready().catch((error) => log.error({ err: error }, 'no photo can be classified for now')),
      ]);
      if (isUp) {
        const warning = await store.checkConnections(config.workers).catch(() => undefined);
        if (warning) log.warn(warning);
      }
      await cache.start();
      if (config.claimTrust === 'all')
        log.warn('CLAIM_TRUST=all: whoever uploads a photo decides what any hash means for everybody');
      await stats.start();
      isTaking = true;
    },
    stopTaking() {
      isTaking = false;
    },
    async close() {
      vision?.close();
      fallbacks.flush();
      await images.close();
      await cache.close();
      await stats.stop();
      await grouped.flush();
      await store.close();
    },
    describe: {
      store: driverName(config),
      strategy: `${strategy}${vision ? `, LLM ${vision.name}` : ''}`,
      local: `${local.manifest?.model ?? 'none'} in ${config.inference.processes} process(es)`,
    },
  };
}
