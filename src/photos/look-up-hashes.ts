import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Remembered } from '../cache/result-cache.ts';
import { type Caller, callerOf, senderOfRequest } from '../http/access/caller.ts';
import { hashIn } from '../http/answer-schemas.ts';
import type { HttpDependencies } from '../http/dependencies.ts';

type Route = 'check-cache' | 'batch-check-cache';

/** Looks hashes up for a caller and books it: a hit is a photo, a miss is a look-up only. What is no hash is a miss. */
export function openLookupDesk({
  cache,
  recorder,
  limits,
}: Pick<HttpDependencies, 'cache' | 'recorder' | 'limits'>) {
  function callerFor(request: FastifyRequest, reply: FastifyReply, userId?: string | null): Caller {
    const caller = callerOf(request, reply, { lane: 'single', deadlineMs: limits.singleMs });
    return { ...caller, sender: senderOfRequest(request, userId) };
  }

  /** @throws UnavailableError the store can't be read: no false miss */
  async function lookUp(
    hashes: readonly string[],
    route: Route,
    caller: Caller,
  ): Promise<(Shown | undefined)[]> {
    const startedMs = performance.now();
    const asked = hashes.map((hash) => hashIn(hash)?.toLowerCase());
    const known = asked.filter((hash) => hash !== undefined);
    const byHash = new Map(
      (await cache.findAll(known, caller.sender.claimant)).map((one, index) => [known[index], one]),
    );
    const found = asked.map((hash) => byHash.get(hash));
    const durationMs = Math.round(performance.now() - startedMs);
    let lookupHits = 0;
    const answers = found.map((remembered, index) => {
      if (!remembered) return undefined;
      lookupHits += 1;
      const answer = shown(remembered);
      cache.countHit(remembered);
      recorder.answered(caller, { kind: 'lookup', sha256: asked[index] ?? '', durationMs }, answer);
      return answer;
    });
    recorder.request(caller, { route, lookups: hashes.length, lookupHits, uploads: 0, durationMs });
    return answers;
  }

  return { callerFor, lookUp };
}

type Shown = ReturnType<typeof shown>;

function shown({ result, from, isProvisional }: Remembered) {
  return { classification: result, from, degraded: isProvisional };
}
