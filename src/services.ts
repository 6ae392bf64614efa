import type { Logger } from 'pino';
import { openCache } from './cache/open-cache.ts';
import { withDecodeTurns } from './classify/decode-turns.ts';
import { suspectedBy, withNeverSend } from './classify/never-send.ts';
import { classifierFor, provisionalUnder } from './classify/strategy.ts';
import { readTaxonomy } from './classify/taxonomy.ts';
import type { Config } from './config.ts';
import { ConfigError } from './config.ts';
import type { HttpDependencies } from './http/dependencies.ts';
import { openByteBudget } from './image/byte-budget.ts';
import { enoughThumbnailPx } from './image/firewall/iso-media.ts';
import { pixelLimitsOf } from './image/firewall/limits.ts';
import { openInspector } from './image/inspector.ts';
import { openPhotos } from './image/open-photos.ts';
import { openPool } from './image/pool.ts';
import { localClassifier } from './local/local-classifier.ts';
import { readManifest } from './local/manifest.ts';
import { sureAbove } from './local/sure.ts';
import { openScrape } from './process/cluster-metrics.ts';
import { openLlmMetrics } from './stats/llm-metrics.ts';
import { openMetrics } from './stats/metrics.ts';
import { openStats } from './stats/open-stats.ts';
import { watchService } from './stats/service-state.ts';
import { withShadow } from './stats/shadow.ts';
import { withGroupCommit } from './store/group-commit.ts';
import { openMysqlStore } from './store/mysql.ts';
import { withOutageGuard } from './store/outage-guard.ts';
import { openSqliteStore } from './store/sqlite.ts';
import type { Store } from './store/store.ts';
import type { VisionCallReport } from './vision/call-report.ts';
import { gatePlaces } from './vision/gate-places.ts';
import { openVision } from './vision/open-vision.ts';
import { promptOf } from './vision/prompt.ts';
import { unconfigured } from './vision/unconfigured.ts';

export interface Services extends HttpDependencies {
  /** Resolves when photos can be classified, or it is known that they can't for now. */
  ready(): Promise<void>;
  /** From now on not ready: an orchestrator sends nobody here any more. */
  stopTaking(): void;
  /** Finishes what is under way, flushes records, leaves no process behind. */
  close(): Promise<void>;
  /** Of stored results: taxonomy, prompt and epoch. */
  readonly resultVersion: string;
  /** For people: what runs. */
  readonly describe: { readonly store: string; readonly strategy: string; readonly local: string };
}

export interface ServiceHooks {
  /** Every call to a vision LLM, when it is over. */
  readonly onCall?: (call: VisionCallReport) => void;
}

/** Builds every part of the service. */
export function openServices(config: Config, log: Logger, { onCall }: ServiceHooks = {}): Services {
  const { strategy } = config;
  const metrics = openMetrics();
  const taxonomy = configured(() => readTaxonomy(config.taxonomyFile));
  const prompt = promptOf({ taxonomy, ...config.prompt });
  // Without a local model there is nobody who could be sure.
  const manifestFile = strategy === 'llm-only' ? undefined : `${config.inference.modelDir}/manifest.json`;
  const manifest = manifestFile === undefined ? undefined : configured(() => readManifest(manifestFile));
  const isSure = manifest ? sureAbove(manifest, taxonomy, config.localSure) : () => false;
  const isWeaker = provisionalUnder(strategy, isSure);
  const neverSend = config.llm?.neverSend ?? {};
  const suspect = manifest?.thresholds.suspect ?? {};
  const isSuspect = configured(() => suspectedBy({ neverSend, suspect, taxonomy }));

  const store = withOutageGuard(openDriver(config), { logger: log });
  const grouped = withGroupCommit(store);
  const { timeZone } = config;
  const stats = openStats({ store: grouped, reports: store.reports, metrics, timeZone, log });
  const version = `${taxonomy.version}/${prompt.version}/${config.cache.epoch}`;
  const cache = openCache({
    store,
    grouped,
    version,
    ...config.cache,
    provisionalMs: strategy === 'llm-only' ? 0 : config.cache.provisionalMs,
    isProvisional: (one) => !isSuspect(one) && isWeaker(one),
    isCategory: taxonomy.has,
    hooks: {
      onWriteFailure: (operation) => metrics.writeFailures.inc({ operation }),
      onReadFailure: () => metrics.readFailures.inc(),
      onLease: (outcome) => metrics.leases.inc({ outcome }),
      onTwin: (outcome) => metrics.nearDuplicates.inc({ outcome }),
      onDeleted: (of, rows) => metrics.rowsDeleted.inc({ of }, rows),
      onHousekeepingFailure: (error) => log.warn({ err: error }, 'old rows could not be deleted for now'),
    },
  });

  const wants = { rendition: strategy !== 'local-only', infer: manifest !== undefined };
  const renditionPx = config.llm?.imagePx ?? 512;
  const networkPx = manifest && Math.max(manifest.input.widthPx, manifest.input.heightPx);
  const thumbnailPx = enoughThumbnailPx(networkPx, wants.rendition ? renditionPx : undefined);
  const inspector = openInspector({
    limits: pixelLimitsOf(config.limits.pixels, config.limits.pixelsByKind),
    thumbnailPx,
  });
  const pool = openPool({
    size: config.inference.processes,
    queueLimit: config.inference.queue,
    queueMs: config.inference.queueMs,
    childUrl: new URL('./child.ts', import.meta.url),
    childOptions: {
      manifestFile,
      renditionPx,
      limitPixels: config.limits.pixels,
      thumbnailPx,
    },
    jobTimeoutMs: config.inference.jobTimeoutMs,
    maxRssBytes: config.inference.maxRssBytes,
    log,
    hooks: { childLost: (loss) => metrics.childrenLost.inc({ loss }) },
  });
  const { processes, queue } = config.inference;
  const photos = withDecodeTurns(openPhotos({ pool, inspector, heic: config.limits.heic, wants }), {
    atOnce: processes + 1,
    maxWaiting: queue,
  });

  const { llm } = config;
  const visionParts = { taxonomy, prompt, timeZone, ledger: store, refusals: store, log };
  const llmMetrics = openLlmMetrics(metrics.registry);
  const hooks = {
    onAlert: llmMetrics.alert,
    onCall(call: VisionCallReport) {
      llmMetrics.call(call);
      stats.called(call);
      onCall?.(call);
    },
  };
  const vision = llm && configured(() => openVision(llm, { ...visionParts, hooks }));
  if (vision) llmMetrics.watch(vision.state);
  const local = manifest && localClassifier({ manifest, taxonomy });
  const { shadowPercent: percent } = config;
  const unwatched = vision?.classifier ?? unconfigured;
  const asked = local ? withShadow(unwatched, local, { percent, onCompared: stats.compared }) : unwatched;
  const isKept = Object.keys(neverSend).length > 0;
  const answering = classifierFor(strategy, {
    local: local ?? unconfigured,
    vision: isKept ? withNeverSend(local ?? unconfigured, asked, isSuspect) : asked,
    shared: cache.shared,
    paid: cache.paid,
    isSure,
    onFallback(reason) {
      stats.fellBack(reason);
      log.warn({ reason }, 'the LLM did not answer; the local model does');
    },
  });

  let isTaking = false;
  /** Every answer needs a decoder, and one of the two models. */
  function canAnswer(): boolean {
    const { ready, unfit } = pool.status();
    // One child may be on its way back: until two starts have failed there is no reason to turn phones away.
    return (ready > 0 || unfit === undefined) && (unfit === undefined || vision !== undefined);
  }
  const state = () => ({
    isTaking,
    isStoreUp: store.isUp(),
    children: pool.status(),
    ...(vision && { llm: vision.state() }),
  });
  watchService(metrics.registry, state);
  return {
    log,
    taxonomy,
    limits: config.limits,
    classifier: cache.answering(answering),
    local,
    cache: cache.results,
    cacheDesk: cache.desk,
    photos,
    budget: openByteBudget({ limitBytes: config.limits.uploadBudgetBytes }),
    stats,
    recorder: stats.recorder,
    metrics,
    scrape: openScrape(metrics.registry),
    state,
    opsToken: config.http.opsToken,
    clientRules: config.http.clientRules,
    apiKeys: store.apiKeys,
    health: () => ({
      database: store.isUp() ? 'connected' : 'disconnected',
      modelApi: canAnswer() ? 'available' : 'unavailable',
      ...(vision && { llm: vision.health() }),
    }),
    photosAtOnce() {
      const places = vision ? gatePlaces(vision.state()) : 0;
      // More than the provider takes: the next ones are decoded while it is at work.
      return places + Math.max(processes + 1, Math.ceil(places / 2));
    },
    resultVersion: version,
    isReady: () => isTaking,
    async ready() {
      const [isUp] = await Promise.all([
        store.start(),
        pool.ready().catch((error) => log.error({ err: error }, 'no photo can be classified for now')),
      ]);
      if (isUp) {
        const warning = await store.checkConnections(config.workers).catch(() => undefined);
        if (warning) log.warn(warning);
      }
      await cache.start();
      if (config.claims === 'anybody')
        log.warn('CLAIM_TRUST=all: whoever uploads a photo decides what any hash means for everybody');
      await stats.start();
      isTaking = true;
    },
    stopTaking() {
      isTaking = false;
    },
    async close() {
      await pool.close();
      await inspector.close();
      await cache.close();
      await stats.stop();
      await grouped.flush();
      await store.close();
    },
    describe: {
      store:
        config.store.kind === 'mysql'
          ? `MySQL at ${config.store.host}:${config.store.port}, database ${config.store.database}`
          : `SQLite, ${config.store.file}`,
      strategy: `${strategy}${vision ? `, LLM ${vision.name}` : ''}`,
      local: `${manifest?.name ?? 'none'} in ${config.inference.processes} process(es)`,
    },
  };
}

/** What a file that the configuration names is at fault for, is the configuration's fault. */
function configured<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new ConfigError([(error as Error).message]);
  }
}

/** The database that the configuration names, without a guard. */
export function openDriver({ store, claims, taxonomyFile }: Config): Store {
  const { categories } = configured(() => readTaxonomy(taxonomyFile));
  const options = { categories: categories.map(({ key }) => key), ...(claims && { sharing: claims }) };
  return store.kind === 'mysql'
    ? openMysqlStore({ ...store, ...options })
    : openSqliteStore({ ...store, ...options });
}
