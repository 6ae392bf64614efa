import type { ClassifyContext } from '../classify/classifier.ts';
import type { CallerIdentity } from '../store/records.ts';

/** The caller of one request, and the conditions under which its photos are classified. */
export interface Caller {
  readonly identity: CallerIdentity;
  readonly requestId: string;
  /** Since the request arrived. */
  elapsedMs(): number;
  readonly context: ClassifyContext;
}
