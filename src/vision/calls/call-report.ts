import type { ClassifyContext } from '../../classify/classifier.ts';
import type { FailureSummary } from '../wire/vendor-error.ts';
import type { TokenUsage } from '../wire/vision-model.ts';

export interface VisionHooks {
  /** Every call that was sent, when it is over. */
  onCall?(call: VisionCallReport): void;
  /** An operator has to act: an unpaid bill, a key without access, a model that is gone, a bug. */
  onAlert?(alert: VisionAlert): void;
}

export interface VisionAlert {
  readonly provider: string;
  /** The class of the failure. */
  readonly reason: string;
}

export interface VisionCallReport extends FailureSummary {
  readonly provider: string;
  /** Of the photo. */
  readonly lane: ClassifyContext['lane'];
  readonly account: string;
  /** Fingerprint. */
  readonly key: string;
  readonly model: string;
  readonly host: string;
  /** Of this photo, 1 for the first. */
  readonly attempt: number;
  /** `answered`, or the class of the failure. */
  readonly outcome: string;
  readonly durationMs: number;
  /** For a permit, before the call was sent. */
  readonly waitedMs: number;
  readonly usage?: TokenUsage;
  /** Names of OpenTelemetry's log format, which programs for logs know. */
  readonly trace_id?: string;
  readonly span_id?: string;
  /** Millionths of a currency unit, where a price is known. */
  readonly costMicro?: number;
}
