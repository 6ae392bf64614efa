import { createHash, randomUUID } from 'node:crypto';
import pino from 'pino';
import type { ChildOptions } from '../../src/child.ts';
import type { AnalyseContext } from '../../src/image/photo.ts';
import type { Job } from '../../src/image/pool/job.ts';
import { openPool, type Pool } from '../../src/image/pool/pool.ts';
import type { PoolOptions } from '../../src/image/pool/pool-options.ts';
import { deadlineIn } from '../../src/resilience/deadline.ts';
import type { ScriptedChildOptions } from './scripted-child.ts';

const opened = new Set<Pool>();

function opening(options: Partial<PoolOptions> & Pick<PoolOptions, 'childUrl' | 'childOptions'>): Pool {
  const pool = openPool({
    size: 1,
    queueLimit: 100,
    jobTimeoutMs: 15_000,
    log: pino({ level: 'silent' }),
    ...options,
  });
  opened.add(pool);
  return pool;
}

/** A pool of scripted children; see scripted-child.ts. */
export function scriptedPool(
  options: Partial<PoolOptions> = {},
  childOptions: ScriptedChildOptions = {},
): Pool {
  return opening({ childUrl: new URL('./scripted-child.ts', import.meta.url), childOptions, ...options });
}

export const albumManifest = 'models/album9/manifest.json';

/** The service's own children, with the bundled model unless told otherwise. */
export function realPool(options: Partial<PoolOptions> = {}, childOptions: Partial<ChildOptions> = {}): Pool {
  return opening({
    childUrl: new URL('../../src/child.ts', import.meta.url),
    childOptions: {
      manifestFile: albumManifest,
      renditionPx: 512,
      limitPixels: 100e6,
      thumbnailPx: 256,
      ...childOptions,
    } satisfies ChildOptions,
    ...options,
  });
}

/** For afterEach: ends every pool of the test at once. */
export async function closePools(): Promise<void> {
  await Promise.all([...opened].map((pool) => pool.close(0)));
  opened.clear();
}

/** Each job is a photo of its own, however alike they are. */
export function jobOf(bytes: Buffer | string, wants: Partial<Job['wants']> = {}): Job {
  return {
    kind: 'decode',
    sha256: createHash('sha256').update(randomUUID()).digest('hex'),
    bytes: Buffer.from(bytes),
    cost: { cpuMs: 30, megabytes: 20 },
    format: 'jpeg',
    wants: { rendition: false, infer: true, ...wants },
  };
}

export function longContext(signal = new AbortController().signal): AnalyseContext {
  return { deadline: deadlineIn(60_000), signal };
}

/** Waits for something that other processes bring about. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
