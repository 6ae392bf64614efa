import type { Classifier } from '../classify/classifier.ts';
import { withNeverSend } from '../classify/never-send.ts';
import type { Config } from '../config.ts';
import { openLlmMetrics } from '../stats/metrics/llm-metrics.ts';
import type { Metrics } from '../stats/metrics/metrics.ts';
import { watchModels } from '../stats/metrics/model-metrics.ts';
import type { Stats } from '../stats/open-stats.ts';
import { withShadow } from '../stats/shadow.ts';
import type { VisionCallReport } from '../vision/calls/call-report.ts';
import { openVision, type Vision, type VisionParts } from '../vision/open-vision.ts';
import { unconfigured } from '../vision/unconfigured.ts';
import { configured } from './configured.ts';
import type { LocalSide } from './local-side.ts';

export interface LlmSideParts extends Omit<VisionParts, 'hooks' | 'hasFallback'> {
  readonly local: LocalSide;
  readonly metrics: Metrics;
  readonly stats: Stats;
  /** Every call to a vision LLM, when it is over. */
  readonly onCall: ((call: VisionCallReport) => void) | undefined;
}

/** The vision LLMs with all that is kept from them and counted about them. */
export interface LlmSide {
  /** Throws where no LLM is configured. */
  readonly classifier: Classifier;
  readonly vision: Vision | undefined;
}

/** @throws ConfigError a price, a budget or a key can't be used */
export function openLlmSide(config: Config, parts: LlmSideParts): LlmSide {
  const { local, metrics, stats, onCall, ...visionParts } = parts;
  const { llm, shadowPercent: percent } = config;
  const llmMetrics = openLlmMetrics(metrics.registry);
  const hooks = {
    onAlert: llmMetrics.alert,
    onCall(call: VisionCallReport) {
      llmMetrics.call(call);
      stats.called(call);
      onCall?.(call);
    },
  };
  const hasFallback = local.classifier !== undefined;
  const vision = llm && configured(() => openVision(llm, { ...visionParts, hooks, hasFallback }));
  if (vision) {
    llmMetrics.watch(vision.state);
    watchModels(metrics.registry, vision.state);
  }
  const asked = vision?.classifier ?? unconfigured;
  if (!local.classifier) return { classifier: asked, vision };
  const compared = withShadow(asked, local.classifier, { percent, onCompared: stats.compared });
  const isKept = Object.keys(llm?.neverSend ?? {}).length > 0;
  return {
    classifier: isKept ? withNeverSend(local.classifier, compared, local.isSuspect) : compared,
    vision,
  };
}
