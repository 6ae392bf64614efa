import type { Taxonomy } from '../classify/taxonomy.ts';
import { VisionError } from '../errors.ts';
import { type CallFailure, failureOf, failureWords } from './calls/call-failure.ts';
import type { Key } from './calls/key-ring.ts';
import { costMicroOf } from './calls/price.ts';
import { hostOf, type Provider } from './calls/provider.ts';
import { callTimeLimit } from './calls/send-call.ts';
import { daysUntil, type Listing, listingOf, shutdownOf } from './catalogue/model-list.ts';
import { type Reading, readReply } from './wire/reply.ts';
import { VendorError } from './wire/vendor-error.ts';
import type { TokenUsage, VisionQuestion } from './wire/vision-model.ts';

/** How one provider answers one photo by one of its keys. */
export interface ProviderCheck {
  readonly provider: string;
  /** Its fingerprint. */
  readonly key: string;
  readonly model: string;
  readonly host: string;
  /** An answer came, even a refusal. */
  readonly isReached: boolean;
  /** Undefined where the vendor doesn't say. */
  readonly isModelKnown?: boolean;
  /** What the photo shows; absent where the call failed. */
  readonly reading?: Reading;
  readonly failure?: CallFailure & { readonly words: string };
  readonly durationMs: number;
  readonly usage?: TokenUsage;
  /** Of 1,000 such photos; absent where no price is known. */
  readonly costOf1000?: number;
  /** `2027-01-14` */
  readonly shutdown?: string;
  readonly daysUntilShutdown?: number;
}

export interface ProviderCheckOptions {
  readonly apiKey: string;
  readonly question: VisionQuestion;
  readonly taxonomy: Taxonomy;
  /** Unix milliseconds, by which models end. */
  readonly now: number;
}

/** Sends the photo once, without a second try. Never rejects. */
export async function checkProvider(
  provider: Provider,
  key: Key,
  { apiKey, question, taxonomy, now }: ProviderCheckOptions,
): Promise<ProviderCheck> {
  const { target, price } = provider;
  const [asked, listing] = await Promise.all([
    askOnce(provider, key, question, taxonomy),
    listingOf(target, apiKey).catch(() => undefined),
  ]);
  const { failure, usage } = asked;
  const isModelKnown = knownBy(asked.reading !== undefined, failure, listing);
  const shutdown = shutdownOf(target, listing);
  const costMicro = price && usage && costMicroOf(price, usage);
  return {
    provider: provider.name,
    key: key.fingerprint,
    model: provider.model,
    host: hostOf(provider),
    isReached: failure === undefined || !['network', 'timeout'].includes(failure.class),
    ...(isModelKnown !== undefined && { isModelKnown }),
    ...asked,
    ...(costMicro !== undefined && { costOf1000: costMicro / 1_000 }),
    ...(shutdown !== undefined && { shutdown, daysUntilShutdown: daysUntil(shutdown, now) }),
  };
}

/** What answers is known, whatever a list says. */
function knownBy(
  hasAnswered: boolean,
  failure: CallFailure | undefined,
  listing: Listing | undefined,
): boolean | undefined {
  if (hasAnswered || failure?.class === 'bad_answer') return true;
  return failure?.class === 'unusable_model' ? false : listing?.isListed;
}

type Asked = Pick<ProviderCheck, 'reading' | 'failure' | 'durationMs' | 'usage'>;

/** An operator waits for it; a slow provider may take an hour for a photo. */
const longestMs = 120_000;

async function askOnce(
  provider: Provider,
  key: Key,
  question: VisionQuestion,
  taxonomy: Taxonomy,
): Promise<Asked> {
  const host = hostOf(provider);
  const startedAt = performance.now();
  const durationMs = () => Math.round(performance.now() - startedAt);
  let usage: TokenUsage | undefined;
  try {
    using limit = callTimeLimit(Math.min(provider.timeoutMs, longestMs));
    const reply = await key.model.ask(question, limit.signal);
    usage = reply.usage;
    const reading = readReply(reply.text, taxonomy, question.tags);
    return { reading, durationMs: durationMs(), ...(usage && { usage }) };
  } catch (error) {
    const known = error instanceof VisionError ? error : new VisionError('internal');
    const details = known instanceof VendorError ? known : undefined;
    const failure = failureOf({ outcome: known.reason, host, ...details?.summary });
    usage ??= details?.failure.usage;
    return {
      failure: { ...failure, words: failureWords(failure) },
      durationMs: durationMs(),
      ...(usage && { usage }),
    };
  }
}
