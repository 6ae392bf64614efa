import type { FailureSummary } from '../wire/vendor-error.ts';

/** A failed call as logs and pages show it: nothing in it is secret, or of the photo. */
export interface CallFailure extends FailureSummary {
  /** One of the classes in `failure-policy.ts`. */
  readonly class: string;
  /** Left out where strangers read it. */
  readonly host?: string;
}

export function failureOf({
  outcome,
  host,
  status,
  code,
  unusable,
}: FailureSummary & { readonly outcome: string; readonly host: string }): CallFailure {
  return {
    class: outcome,
    host,
    ...(status !== undefined && { status }),
    ...(code !== undefined && { code }),
    ...(unusable !== undefined && { unusable }),
  };
}

const brokenOff = /^(ECONNRESET|EPIPE|HPE_.*|unknown)$/;

/**
 * What happened, in words.
 * @param name of the provider, where there are several
 */
export function failureWords(failure: CallFailure, name?: string): string {
  const subject = name === undefined ? 'LLM' : `LLM ${name}`;
  const { status, code, unusable, host } = failure;
  const answer = [status, unusable ?? code].filter((one) => one !== undefined).join(' ');
  const where = [code, host].filter((one) => one !== undefined).join(' ');
  if (failure.class === 'timeout')
    return `${subject} did not answer in time${host === undefined ? '' : `: ${host}`}`;
  if (failure.class === 'network')
    return `${subject} ${brokenOff.test(code ?? '') ? 'broke the connection off' : 'not reached'}: ${where}`;
  return `${subject} ${phraseOf(failure.class)}${answer === '' ? '' : ` (${answer})`}`;
}

const phrases: Readonly<Record<string, string>> = {
  server_error: 'failed',
  overloaded: 'is overloaded',
  rate_limited: 'refused, as too many calls came',
  concurrency_limited: 'refused, as too many calls came at once',
  out_of_credit: 'has no credit left',
  bad_key: 'refused the key',
  unusable_model: 'does not answer with this model',
  refused: 'refused what a photo shows',
  bad_answer: 'gave no usable answer',
  bad_request: 'did not take the request',
  internal: 'could not be asked: an error of this program',
};

function phraseOf(reason: string): string {
  return phrases[reason] ?? `failed: ${reason.replaceAll('_', ' ')}`;
}
