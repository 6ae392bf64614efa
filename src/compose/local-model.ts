import type { Classification, Classifier } from '../classify/classifier.ts';
import { suspectedBy } from '../classify/never-send.ts';
import { provisionalUnder } from '../classify/strategy.ts';
import type { Taxonomy } from '../classify/taxonomy.ts';
import type { Config } from '../config.ts';
import { localClassifier } from '../local/local-classifier.ts';
import { type Manifest, readManifest } from '../local/manifest.ts';
import { sureAbove } from '../local/sure.ts';
import { configured } from './configured.ts';

type Rule = (classification: Classification) => boolean;

/** The local model, and the rules that its manifest and the configuration set for its answers. */
export interface LocalModel {
  /** Both absent where the LLM alone may answer. */
  readonly manifestFile: string | undefined;
  readonly manifest: Manifest | undefined;
  readonly classifier: Classifier | undefined;
  /** Needs no second opinion. */
  readonly isSure: Rule;
  /** Keeps the photo from the LLM. Absent: all photos may be sent. */
  readonly isSuspect: Rule | undefined;
  /** Only stands in for a better answer. */
  readonly isProvisional: Rule;
  /** Given by another local model, or another version of this one. */
  readonly isOutdated: Rule;
}

/** @throws ConfigError the manifest, a threshold or a category can't be used */
export function composeLocalModel(config: Config, taxonomy: Taxonomy): LocalModel {
  const { strategy } = config;
  const manifestFile = strategy === 'llm-only' ? undefined : `${config.inference.modelDir}/manifest.json`;
  const manifest = manifestFile === undefined ? undefined : configured(() => readManifest(manifestFile));
  const isSure = manifest ? configured(() => sureAbove(manifest, taxonomy, config.localSure)) : () => false;
  const isWeaker = provisionalUnder(strategy, isSure);
  const neverSend = config.llm?.neverSend ?? {};
  const suspect = manifest?.thresholds.suspect ?? {};
  const isSuspect = configured(() => suspectedBy({ neverSend, suspect, taxonomy }));
  return {
    manifestFile,
    manifest,
    classifier: manifest && localClassifier({ manifest, taxonomy }),
    isSure,
    isSuspect,
    isProvisional: (one) => !isSuspect?.(one) && isWeaker(one),
    isOutdated: ({ method, model }) => method === 'local' && model !== manifest?.model,
  };
}
