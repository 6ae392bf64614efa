import type { Remembered, ResultCache } from '../cache/result-cache.ts';
import type { AlbumLane } from '../classify/album-lane.ts';
import type { Recorder } from '../stats/recorder.ts';
import type { Caller } from './caller.ts';
import { hashIn } from './content-hash.ts';

export interface HashLookupParts {
  readonly cache: Pick<ResultCache, 'findAll' | 'countHit'>;
  readonly recorder: Pick<Recorder, 'answered' | 'request'>;
  readonly albumLane?: Pick<AlbumLane, 'has'> | undefined;
}

export interface LookupOptions {
  /** The caller waits for better answers to photos that were counted before: only its request counts. */
  readonly isRepeated?: boolean | undefined;
}

type Route = 'check-cache' | 'batch-check-cache';

/** The use case of look-ups by hash. A hit counts as a photo, a miss as a look-up only; what is no hash is a miss. */
export function openHashLookup({ cache, recorder, albumLane }: HashLookupParts) {
  /** @throws UnavailableError the store can't be read: no false miss */
  async function lookUp(
    hashes: readonly string[],
    route: Route,
    caller: Caller,
    { isRepeated = false }: LookupOptions = {},
  ): Promise<(LookupAnswer | undefined)[]> {
    const startedMs = performance.now();
    const asked = hashes.map((hash) => hashIn(hash)?.toLowerCase());
    const valid = asked.filter((hash) => hash !== undefined);
    const byHash = new Map(
      (await cache.findAll(valid, caller.identity.claimant)).map((one, index) => [valid[index], one]),
    );
    const found = asked.map((hash) => byHash.get(hash));
    const durationMs = Math.round(performance.now() - startedMs);
    let lookupHits = 0;
    const answers = found.map((remembered, index) => {
      if (!remembered) return undefined;
      lookupHits += 1;
      const answer = answerOf(remembered, albumLane);
      if (isRepeated) return answer;
      cache.countHit(remembered);
      recorder.answered(caller, { kind: 'lookup', sha256: asked[index] ?? '', durationMs }, answer);
      return answer;
    });
    const counts = isRepeated ? { lookups: 0, lookupHits: 0 } : { lookups: hashes.length, lookupHits };
    recorder.request(caller, { route, ...counts, uploads: 0, durationMs });
    return answers;
  }

  return { lookUp };
}

type LookupAnswer = ReturnType<typeof answerOf>;

function answerOf({ result, from, isProvisional }: Remembered, albumLane: HashLookupParts['albumLane']) {
  const isPending = isProvisional && albumLane?.has(result.sha256);
  const better = isPending && ({ better: 'pending' } as const);
  return { classification: result, from, degraded: isProvisional, ...better };
}
