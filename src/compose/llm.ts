import type { Config } from '../config.ts';
import { openLlmMetrics } from '../stats/metrics/llm-metrics.ts';
import type { Metrics } from '../stats/metrics/metrics.ts';
import { watchModels } from '../stats/metrics/model-metrics.ts';
import type { Stats } from '../stats/open-stats.ts';
import type { VisionCallReport } from '../vision/calls/call-report.ts';
import { openVision, type Vision, type VisionParts } from '../vision/open-vision.ts';
import { configured } from './configured.ts';

export interface LlmParts extends Omit<VisionParts, 'hooks'> {
  readonly metrics: Metrics;
  readonly stats: Stats;
  /** Every call to a vision LLM, when it is over. */
  readonly onCall: ((call: VisionCallReport) => void) | undefined;
}

/**
 * The vision LLMs of the configuration, with their metrics.
 * @throws ConfigError a price, a budget or a key can't be used
 */
export function composeLlm({ llm }: Config, parts: LlmParts): Vision | undefined {
  const { metrics, stats, onCall, ...visionParts } = parts;
  const llmMetrics = openLlmMetrics(metrics.registry);
  if (!llm) return undefined;
  const hooks = {
    onAlert: llmMetrics.alert,
    onCall(call: VisionCallReport) {
      llmMetrics.call(call);
      stats.called(call);
      onCall?.(call);
    },
  };
  const vision = configured(() => openVision(llm, { ...visionParts, hooks }));
  llmMetrics.watch(vision.state);
  watchModels(metrics.registry, vision.state);
  return vision;
}
