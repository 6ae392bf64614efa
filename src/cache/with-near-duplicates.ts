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
  /** Whether the photo is a copy of one that an LLM has answered or is answering. */
  readonly onLookup?: ((outcome: 'answered' | 'none') => void) | undefined;
}

/** A photo whose call is in flight. */
interface Flight {
  readonly sha256: string;
  readonly fingerprint: Fingerprint;
  readonly answer: Promise<Answer>;
}

/** Time that a copy keeps for a call of its own when it waits for its original's answer. */
const ownAnswerMs = 1000;

/**
 * Answers a photo with an LLM's answer to another encoding of it in the same album. An album is a claimant with a user
 * id: photos of others are not compared, so others can't mislead it. It belongs outside of the single flight, which
 * callers share. The answer is not stored as the copy's own result, which all callers would share.
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

  /** The answer to an original in flight, if it counts for copies. */
  async function joined(original: Flight, context: ClassifyContext): Promise<Answer | undefined> {
    throwIfOver(context);
    const limits = { deadline: earlier(context.deadline, ownAnswerMs), signal: context.signal };
    const answer = await waitUntil(original.answer, limits).catch(() => undefined);
    context.signal.throwIfAborted();
    return answer && isLasting(answer) ? copyOf(answer, original.sha256) : undefined;
  }

  async function stored(album: string, photo: Photo, fingerprint: Fingerprint, context: ClassifyContext) {
    const found = await cache.findNearDuplicate(album, photo.sha256, fingerprint).catch(() => undefined);
    return found && copyOf(await answerFrom(found, { photo, context, cache }), found.result.sha256);
  }

  /** Lets copies find the photo until it is answered. */
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
    // A photo of the album lane has its provisional answer and is here for a better one.
    const isWanted = known && !(known.isProvisional && context.lane === 'album');
    const answer = await (isWanted
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
      // In the same tick as the search for an original in flight: of copies that arrive together, one makes a call.
      const answer = ask(album, photo, fingerprint, context);
      return inSight(album, { sha256: photo.sha256, fingerprint, answer });
    },
  };
}

/** A lasting answer of an LLM to these very bytes. */
function isLasting({ classification, degraded, original }: Answer): boolean {
  return classification.method === 'llm' && !degraded && original === undefined;
}

function copyOf(answer: Answer, original: string): Answer {
  const { costMicro: _, ...free } = answer;
  return { ...free, from: answer.from === 'model' ? 'flight' : answer.from, original };
}
