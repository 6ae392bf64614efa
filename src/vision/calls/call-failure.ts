import { inLanguage, type Sentence, type Text } from '../../messages/text.ts';
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

/**
 * What happened, in English.
 * @param name of the provider, where there are several
 */
export function failureWords(failure: CallFailure, name?: string): string {
  return inLanguage('en', failureText(failure, name));
}

const brokenOff = /^(ECONNRESET|EPIPE|HPE_.*|unknown)$/;

/**
 * What happened.
 * @param name of the provider, where there are several
 */
export function failureText(failure: CallFailure, name?: string): Text {
  const { status, code, unusable, host } = failure;
  const given = [status, unusable ?? code].filter((one) => one !== undefined).join(' ');
  const values = {
    llm: name === undefined ? 'LLM' : `LLM ${name}`,
    answer: given === '' ? '' : ` (${given})`,
    where: [code, host].filter((one) => one !== undefined).join(' '),
    host: host ?? '',
    reason: failure.class.replaceAll('_', ' '),
  };
  return { sentence: sentenceOf(failure), values };
}

function sentenceOf({ class: kind, code = '', host }: CallFailure): Sentence {
  if (kind === 'timeout')
    return host === undefined ? '{llm} did not answer in time' : '{llm} did not answer in time: {host}';
  if (kind === 'network')
    return brokenOff.test(code) ? '{llm} broke the connection off: {where}' : '{llm} not reached: {where}';
  return sentences[kind] ?? '{llm} failed: {reason}{answer}';
}

const sentences: Readonly<Record<string, Sentence>> = {
  server_error: '{llm} failed{answer}',
  overloaded: '{llm} is overloaded{answer}',
  rate_limited: '{llm} refused, as too many calls came{answer}',
  concurrency_limited: '{llm} refused, as too many calls came at once{answer}',
  out_of_credit: '{llm} has no credit left{answer}',
  bad_key: '{llm} refused the key{answer}',
  unusable_model: '{llm} does not answer with this model{answer}',
  refused: '{llm} refused what a photo shows{answer}',
  bad_answer: '{llm} gave no usable answer{answer}',
  bad_request: '{llm} did not take the request{answer}',
  internal: '{llm} could not be asked: an error of this program{answer}',
};
