/**
 * An honest client in a process of its own: so many `/health/live`, then so many photos, one after the other. A child
 * of hostile.ts.
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

// As if on a machine of its own, where that is permitted.
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
