import type { TokenUsage } from './vision-model.ts';

export interface VisionHooks {
  /** Every call that was sent, when it is over. */
  onCall?(call: VisionCallReport): void;
  /** Somebody has to act: an unpaid bill, a key without access, a model that is gone, a bug. */
  onAlert?(alert: { provider: string; reason: string }): void;
}

export interface VisionCallReport {
  readonly provider: string;
  readonly account: string;
  /** Fingerprint. */
  readonly key: string;
  readonly model: string;
  /** Of this photo, 1 for the first. */
  readonly attempt: number;
  /** `answered`, `cancelled`, or the class of the failure. */
  readonly outcome: string;
  readonly durationMs: number;
  /** For a place, before the call was sent. */
  readonly waitedMs: number;
  readonly usage?: TokenUsage;
  /** Millionths of a currency unit, where a price is known. */
  readonly costMicro?: number;
}
