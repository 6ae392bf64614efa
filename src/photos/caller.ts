import type { ClassifyContext } from '../classify/classifier.ts';
import type { Sender } from '../store/records.ts';

/** The sender of one request, and the conditions under which its photos are classified. */
export interface Caller {
  readonly sender: Sender;
  readonly requestId: string;
  /** Since the request arrived. */
  elapsedMs(): number;
  readonly context: ClassifyContext;
}
