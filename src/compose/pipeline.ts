import type { ResultCache } from '../cache/result-cache.ts';
import { withSingleFlight } from '../cache/single-flight.ts';
import { type WithCacheOptions, withCache, withRemembering } from '../cache/with-cache.ts';
import { type WithLeaseOptions, withLease } from '../cache/with-lease.ts';
import { type NearDuplicatesOptions, withNearDuplicates } from '../cache/with-near-duplicates.ts';
import type { AlbumLane } from '../classify/album-lane.ts';
import { withAwaitedForm } from '../classify/await-form.ts';
import { withSureFirst } from '../classify/cascade.ts';
import type { Classification, Classifier } from '../classify/classifier.ts';
import { type FallbackOptions, withFallback } from '../classify/fallback.ts';
import { withNeverSend } from '../classify/never-send.ts';
import type { Strategy } from '../classify/strategy.ts';
import { type ShadowOptions, withShadow } from '../stats/shadow.ts';
import { unconfigured } from '../vision/vision-classifier.ts';

type Layer = (inner: Classifier) => Classifier;
type Rule = (classification: Classification) => boolean;

export interface PipelineParts {
  readonly results: ResultCache;
  readonly leases: WithLeaseOptions['leases'];
  /** Of results. */
  readonly version: string;
  /** The models, where they are configured. */
  readonly llm: Classifier | undefined;
  readonly local: Classifier | undefined;
  readonly rules: {
    /** A local answer that needs no second opinion. */
    readonly isSure: Rule;
    /** A local answer that keeps a photo from the LLM. Absent: nothing does. */
    readonly isSuspect?: Rule | undefined;
    /** Whether a copy of a photo in the same album gets its answer. */
    readonly nearDuplicates: boolean;
    /** Of the LLM's answers, in percent: how many the local model is compared with. */
    readonly shadowPercent: number;
    /** Whether the local model is free for comparisons. Default: always. */
    readonly isLocalFree?: ShadowOptions['isFree'];
  };
  /** Absent: photos that may wait are classified as all others. */
  readonly albumLane?: Pick<AlbumLane, 'around' | 'isForgotten'> | undefined;
  readonly hooks?: PipelineHooks;
}

export interface PipelineHooks {
  readonly onReadFailure?: WithCacheOptions['onReadFailure'] | undefined;
  readonly onNearDuplicateLookup?: NearDuplicatesOptions['onLookup'] | undefined;
  readonly onFallback?: FallbackOptions['onFallback'] | undefined;
  readonly onLease?: WithLeaseOptions['onLease'] | undefined;
  readonly onCompared?: ShadowOptions['onCompared'] | undefined;
}

/** What happens to a photo under each strategy, from the outside in. docs/architecture.md shows the marked lines. */
export function openPipeline(strategy: Strategy, parts: PipelineParts): Classifier {
  const { llm = unconfigured, local = unconfigured } = parts;
  const { cache, nearDuplicates, orElse, singleFlight, lease, localIfSure, ...layers } = layersOf(parts);
  const { awaitForm, remember, neverSend, shadow } = layers;
  const albumLane =
    (quick: Classifier, better: Classifier): Layer =>
    (inner) =>
      parts.albumLane?.around(inner, { quick, better }) ?? inner;
  // Pipeline: begin
  const localAlone = chain(singleFlight, remember, local);
  const quick = chain(cache, localAlone);
  switch (strategy) {
    case 'llm-first': {
      const paid = chain(
        singleFlight, // one call in this process
        lease, // one call among all processes
        remember, // one write
        neverSend, // photos that the local model keeps from the LLM
        shadow, // compares a sample with the local model
        llm,
      );
      return chain(
        albumLane(quick, chain(nearDuplicates, paid)), // a quick answer, and a cheaper one later
        cache, // memory, then the database
        nearDuplicates, // copies in the same album
        orElse(localAlone), // each caller has its own deadline
        awaitForm, // no LLM call before the form is accepted
        paid,
      );
    }
    case 'local-first': {
      const paid = chain(
        singleFlight,
        localIfSure, // remembered; the LLM classifies the other photos
        lease,
        remember,
        neverSend,
        shadow,
        llm,
      );
      return chain(
        albumLane(quick, chain(nearDuplicates, paid)),
        cache,
        nearDuplicates,
        orElse(localAlone),
        awaitForm,
        paid,
      );
    }
    case 'llm-only':
      return chain(cache, nearDuplicates, awaitForm, singleFlight, lease, remember, llm);
    case 'local-only':
      return chain(cache, localAlone);
    // Pipeline: end
    default:
      return strategy satisfies never;
  }
}

/** Layers around a classifier, the outermost first. */
function chain(...parts: readonly [...Layer[], Classifier]): Classifier {
  const layers = parts.slice(0, -1) as Layer[];
  return layers.reduceRight((inner, layer) => layer(inner), parts.at(-1) as Classifier);
}

const same: Layer = (inner) => inner;

/** The layers with their options. */
function layersOf({ results, leases, version, local, rules, albumLane, hooks = {} }: PipelineParts) {
  const isForgotten = albumLane?.isForgotten;
  const { isSure, isSuspect, nearDuplicates, shadowPercent: percent, isLocalFree: isFree } = rules;
  const { onReadFailure, onNearDuplicateLookup: onLookup, onFallback, onLease, onCompared } = hooks;
  return {
    cache: (inner) => withCache(inner, results, { onReadFailure }),
    nearDuplicates: nearDuplicates
      ? (inner) => withNearDuplicates(inner, { cache: results, onLookup })
      : same,
    orElse: (other: Classifier) => (inner: Classifier) => withFallback(inner, other, { onFallback }),
    awaitForm: withAwaitedForm,
    singleFlight: withSingleFlight,
    lease: (inner) => withLease(inner, { leases, cache: results, version, onLease }),
    remember: (inner) => withRemembering(inner, results, { isForgotten }),
    localIfSure: local
      ? (inner) => withSureFirst(withRemembering(local, results, { isWorth: isSure }), inner, isSure)
      : same,
    neverSend: local && isSuspect ? (inner) => withNeverSend(local, inner, isSuspect) : same,
    shadow:
      local && onCompared
        ? (inner) => withShadow(inner, local, { percent, isSure, isFree, onCompared })
        : same,
  } satisfies Record<string, Layer | ((other: Classifier) => Layer)>;
}
