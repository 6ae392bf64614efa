import { type PlainSentence, type Text, text } from '../messages/text.ts';
import type { Environment } from './reading.ts';

/** Settings that no longer exist, and what applies instead. */
const retired: Readonly<Record<string, PlainSentence>> = {
  CLAIM_WITNESSES: 'claims count for their claimant alone, however many agree (CLAIM_TRUST)',
  WRITE_WAIT: 'an answer waits for nothing but its new result and claim, 250 ms at most',
  INFERENCE_QUEUE_TIME:
    'photos that would miss their deadline are rejected, and INFERENCE_QUEUE bounds the rest',
  LLM_BACKOFF: 'a call that failed is repeated after 1 to 2 s, then 2 to 4, then 4 to 8',
  LLM_BACKOFF_MAX: 'a call that failed is repeated after 5 to 10 s at most',
  LLM_RETRY_PERCENT: 'repetitions are a tenth of the calls at most',
  LLM_SEND_ORIGINAL: 'the LLM gets a JPEG of LLM_IMAGE_PX',
  UPLOAD_RATE_WINDOW: 'an upload is slow after five seconds below UPLOAD_MIN_RATE',
  LEASE_TTL: 'another process takes over the call of a process that died after 8 s',
};

/** Values that a setting no longer has, and what they mean now. */
export const retiredWords = {
  CLAIM_TRUST: { corroborated: 'own' },
  NEAR_DUPLICATES: { shadow: 'off' },
} as const satisfies Readonly<Record<string, Readonly<Record<string, string>>>>;

/** A warning for each of them in the environment. The service starts nevertheless. */
export function retiredIn(environment: Environment): Text[] {
  const written = (name: string) => (environment[name] ?? '').trim();
  const settings = Object.entries(retired)
    .filter(([name]) => written(name) !== '')
    .map(([name, instead]) =>
      text('{name} no longer exists and is ignored: {instead}', { name, instead: { sentence: instead } }),
    );
  const words = Object.entries(retiredWords).flatMap(([name, meanings]) =>
    Object.entries(meanings)
      .filter(([word]) => written(name).toLowerCase() === word)
      .map(([word, meaning]) =>
        text('{name}={word} no longer exists and means {meaning}', { name, word, meaning }),
      ),
  );
  return [...settings, ...words];
}
