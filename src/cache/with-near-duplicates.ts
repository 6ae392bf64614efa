import type { Answer, Classifier, ClassifyContext } from '../classify/classifier.ts';
import type { Fingerprint, Photo } from '../image/photo.ts';
import { earlier } from '../resilience/deadline.ts';
import { throwIfOver, waitUntil } from '../resilience/wait-until.ts';
import { isNearDuplicate } from './near-duplicate.ts';
import type { ResultCache } from './result-cache.ts';
import { answerFrom } from './with-cache.ts';

export interface NearDuplicatesOptions {
  readonly cache: Pick<
    ResultCache,
    'inMemory' | 'findNearDuplicate' | 'saveFingerprint' | 'countHit' | 'addColour'
  >;
  /** Whether a photo about to be paid for turned out to be a copy of one that was, or is, paid for. */
  readonly onLookup?: ((outcome: 'answered' | 'none') => void) | undefined;
}

/** A photo that is being asked about. */
interface Flight {
  readonly sha256: string;
  readonly fingerprint: Fingerprint;
  readonly answer: Promise<Answer>;
}

/** What is left for an answer of its own to a photo that has waited for its original's. */
const ownAnswerMs = 1000;

/**
 * Answers a photo with what an LLM said of another encoding of it in the same album. Albums are claimants with a user
 * id: nobody else's photos are looked at, so nobody else can mislead, and each caller is looked after by itself,
 * outside of what callers share. The answer is not stored as the copy's own, which would be everybody's.
 */
export function withNearDuplicates(
  inner: Classifier,
  { cache, onLookup }: NearDuplicatesOptions,
): Classifier {
  const flightsOf = new Map<string, Set<Flight>>();

  function originalInFlight(album: string, photo: Photo, fingerprint: Fingerprint): Flight | undefined {
    return [...(flightsOf.get(album) ?? [])].find(
      (flight) => flight.sha256 !== photo.sha256 && isNearDuplicate(fingerprint, flight.fingerprint),
    );
  }

  /** The answer to an original in flight, where it turns out to be one that counts for its copies. */
  async function joined(original: Flight, context: ClassifyContext): Promise<Answer | undefined> {
    throwIfOver(context);
    const patience = { deadline: earlier(context.deadline, ownAnswerMs), signal: context.signal };
    const answer = await waitUntil(original.answer, patience).catch(() => undefined);
    context.signal.throwIfAborted();
    return answer && isLasting(answer) ? copyOf(answer, original.sha256) : undefined;
  }

  async function stored(album: string, photo: Photo, fingerprint: Fingerprint, context: ClassifyContext) {
    const found = await cache.findNearDuplicate(album, photo.sha256, fingerprint).catch(() => undefined);
    return found && copyOf(await answerFrom(found, { photo, context, cache }), found.result.sha256);
  }

  /** Until it is answered, copies find it. */
  function inSight(album: string, flight: Flight): Promise<Answer> {
    const flights = flightsOf.get(album) ?? new Set();
    flightsOf.set(album, flights.add(flight));
    const end = () => {
      flights.delete(flight);
      if (flights.size === 0 && flightsOf.get(album) === flights) flightsOf.delete(album);
    };
    flight.answer.then(end, end);
    return flight.answer;
  }

  async function ask(album: string, photo: Photo, fingerprint: Fingerprint, context: ClassifyContext) {
    const copy = context.isRecheck ? undefined : await stored(album, photo, fingerprint, context);
    if (!context.isRecheck) onLookup?.(copy ? 'answered' : 'none');
    if (copy) return copy;
    // Memory again after the wait: a call that was in flight may have ended meanwhile, and must not be made twice.
    const known = context.isRecheck ? undefined : cache.inMemory(photo.sha256);
    const answer = await (known
      ? answerFrom(known, { photo, context, cache })
      : inner.classify(photo, context));
    if (!isLasting(answer)) return answer;
    const saved = cache.saveFingerprint(album, photo.sha256, fingerprint);
    return { ...answer, written: Promise.all([answer.written, saved]).then(() => undefined) };
  }

  return {
    async classify(photo, context) {
      const { album } = context;
      if (album === undefined) return inner.classify(photo, context);
      const { fingerprint } = await photo.analyse(context);
      if (!fingerprint) return inner.classify(photo, context);
      const original = context.isRecheck ? undefined : originalInFlight(album, photo, fingerprint);
      const copy = original && (await joined(original, context));
      if (copy) {
        onLookup?.('answered');
        return copy;
      }
      // In the tick in which no original was in flight: of copies that arrive together one is asked about.
      const answer = ask(album, photo, fingerprint, context);
      return inSight(album, { sha256: photo.sha256, fingerprint, answer });
    },
  };
}

/** Said by an LLM of these very bytes, for good. */
function isLasting({ classification, degraded, saidOf }: Answer): boolean {
  return classification.method === 'llm' && !degraded && saidOf === undefined;
}

function copyOf(answer: Answer, saidOf: string): Answer {
  const { costMicro: _, ...free } = answer;
  return { ...free, from: answer.from === 'model' ? 'flight' : answer.from, saidOf };
}
