import type { Failure } from './vendor-error.ts';

/** The class of a failed call: a short word for logs, counters and policies. */
export function reasonOf(failure: Failure): string {
  const { status, network, unusable } = failure;
  if (unusable === 'refusal' || unusable === 'content_filter') return 'refused';
  if (unusable !== undefined) return 'bad_answer';
  if (network !== undefined) return network === 'timeout' ? 'timeout' : 'transient';
  if (status === undefined) return 'internal';
  if (status === 429) return 'rate_limited';
  if (status === 401 || status === 403) return 'bad_key';
  if (status === 404) return 'model_not_found';
  if (status === 408 || status >= 500) return 'transient';
  return 'bad_request';
}
