import type { Environment } from './reading.ts';

/** Settings that no longer exist, and what holds instead. */
const retired: Readonly<Record<string, string>> = {
  WRITE_WAIT: 'an answer waits for nothing but its new result and claim, 250 ms at most',
  INFERENCE_QUEUE_TIME:
    'photos that would miss their deadline are rejected, and INFERENCE_QUEUE bounds the rest',
  LLM_SEND_ORIGINAL: 'the LLM gets a JPEG of LLM_IMAGE_PX',
};

/** A sentence for each setting that an environment still names: the service starts all the same. */
export function retiredIn(environment: Environment): string[] {
  return Object.entries(retired)
    .filter(([name]) => (environment[name] ?? '').trim() !== '')
    .map(([name, instead]) => `${name} no longer exists and is ignored: ${instead}`);
}
