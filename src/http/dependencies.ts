import type { Logger } from 'pino';
import type { CacheOperations } from '../cache/open-cache.ts';
import type { ResultCache } from '../cache/result-cache.ts';
import type { Classifier } from '../classify/classifier.ts';
import type { Strategy } from '../classify/strategy.ts';
import type { Taxonomy } from '../classify/taxonomy.ts';
import type { OpenPhotos } from '../image/open-photos.ts';
import type { ByteBudget } from '../image/upload/byte-budget.ts';
import type { Metrics } from '../stats/metrics/metrics.ts';
import type { Stats } from '../stats/open-stats.ts';
import type { Recorder } from '../stats/recorder.ts';
import type { ServiceState } from '../stats/service-state.ts';
import type { ApiKeyStore } from '../store/api-key-store.ts';
import type { ClientRules } from './access/client-access.ts';
import type { OpsRule } from './ops/access.ts';

export interface Limits {
  readonly fileBytes: number;
  readonly batchFiles: number;
  readonly batchBytes: number;
  /** An upload that brings less on average over `windowMs` is ended; 0: none is. */
  readonly uploadRate: { readonly minBytesPerS: number; readonly windowMs: number };
  readonly singleMs: number;
  readonly batchMs: number;
  /** How long an answer waits for its writes. */
}

export interface LlmFailure {
  readonly class: string;
  readonly status?: number;
  readonly code?: string;
  readonly since: string;
  readonly overAt?: string;
}

export interface Health {
  readonly database: 'connected' | 'disconnected';
  readonly modelApi: 'available' | 'not_configured' | 'unavailable';
  /** Of the vision LLM, where one is configured: without it the local model answers. */
  readonly llm?: 'available' | 'over_budget' | 'unavailable';
  /** What is wrong with a model that it is asked for. */
  readonly llmModel?: 'shut_down' | 'shuts_down_soon' | 'unknown' | undefined;
  readonly claimTrust: 'own' | 'all';
  /** Why its calls fail, or did of late. */
  readonly llmFailure?: LlmFailure | undefined;
}

/** What the routes are built from; `Services` is one. */
export interface HttpDependencies {
  readonly log: Logger;
  readonly taxonomy: Taxonomy;
  /** Of descriptions; `none` leaves them out. */
  readonly descriptionLanguage: 'zh' | 'en' | 'none';
  readonly limits: Limits;
  /** The whole pipeline: cache, models, fallback. */
  readonly classifier: Classifier;
  /** The local model alone; absent where none is loaded. */
  readonly local: Classifier | undefined;
  readonly cache: ResultCache;
  readonly cacheOperations: CacheOperations;
  readonly photos: OpenPhotos;
  readonly budget: ByteBudget;
  readonly recorder: Recorder;
  /** How many photos of albums are worked on at once, at present: follows the provider's limit. */
  photosAtOnce(): number;
  readonly stats: Stats;
  readonly metrics: Metrics;
  /** In Prometheus' words, of all workers. */
  scrape(): Promise<string>;
  state(): ServiceState;
  /** Synchronous and cheap: never calls a model or waits for the store. */
  health(): Health;
  /** False while starting, and once the process has been told to stop. */
  isReady(): boolean;
  readonly opsRule: OpsRule;
  /** Of this service. */
  readonly version: string;
  /** Who answers, by names that answers hold, too. */
  readonly models: {
    readonly strategy: Strategy;
    readonly llm: string | undefined;
    readonly local: string | undefined;
  };
  readonly clientRules: ClientRules;
  readonly apiKeys: ApiKeyStore;
}
