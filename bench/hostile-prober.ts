/**
 * An honest client in its own process: requests `/health/live`, then sends photos, one after another. A child of
 * hostile.ts.
 */
import { randomBytes } from 'node:crypto';
import { setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { classify } from './hostile-request.ts';

export interface Probed {
  readonly health: readonly number[];
  readonly photos: readonly number[];
  readonly refused: number;
}

/** For all photos of a phase: fewer are sent where they take long. */
const longestMs = 20_000;

// High priority, if permitted: the client would run on another machine.
try {
  setPriority(-10);
} catch {}

process.on(
  'message',
  async ({ url, photo, probes, photos }: { url: string; photo: Buffer; probes: number; photos: number }) => {
    const [health, answered]: [number[], number[]] = [[], []];
    let refused = 0;
    while (health.length < probes) {
      const startedMs = performance.now();
      await (await fetch(`${url}/health/live`)).arrayBuffer();
      health.push(performance.now() - startedMs);
      await sleep(5);
    }
    const endMs = performance.now() + longestMs;
    for (let count = 0; count < photos && performance.now() < endMs; count += 1) {
      const { status, ms } = await classify(url, Buffer.concat([photo, randomBytes(8)]));
      if (status === 200) answered.push(ms);
      else refused += 1;
      await sleep(5);
    }
    process.send?.({ health, photos: answered, refused } satisfies Probed);
  },
);
