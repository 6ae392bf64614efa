import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { openInspector } from '../image/inspect/inspector.ts';
import { enoughThumbnailPx } from '../image/inspect/iso-media.ts';
import { pixelLimitsOf } from '../image/inspect/limits.ts';
import { type OpenPhotos, openPhotos } from '../image/open-photos.ts';
import { openPool, type Pool } from '../image/pool/pool.ts';
import type { PoolHooks } from '../image/pool/pool-options.ts';
import type { LocalModel } from './local-model.ts';

/** Headers are read in a thread, then photos are decoded in child processes, where the local network runs too. */
export interface Images {
  readonly photos: OpenPhotos;
  readonly pool: Pick<Pool, 'ready' | 'status'>;
  /** Whether a child has nothing to do. */
  isFree(): boolean;
  close(): Promise<void>;
}

const unaskedRenditionPx = 512;

export function composeImages(
  config: Config,
  { manifest, manifestFile }: Pick<LocalModel, 'manifest' | 'manifestFile'>,
  { log, hooks }: { log: Logger; hooks: PoolHooks },
): Images {
  const { inference, limits } = config;
  const wants = {
    rendition: config.strategy !== 'local-only',
    infer: manifest !== undefined && !isLlmFirst(config),
    fingerprint: config.cache.nearDuplicates,
    colour: true,
  };
  const renditionPx = config.llm?.imagePx ?? unaskedRenditionPx;
  const networkPx = manifest && Math.max(manifest.input.widthPx, manifest.input.heightPx);
  const thumbnailPx = enoughThumbnailPx(networkPx, wants.rendition ? renditionPx : undefined);
  const pixels = pixelLimitsOf(limits.pixels, limits.pixelsByKind);
  const inspector = openInspector({ limits: pixels, thumbnailPx });
  const pool = openPool({
    size: inference.processes,
    queueLimit: inference.queue,
    childUrl: new URL('../child.ts', import.meta.url),
    childOptions: {
      manifestFile,
      renditionPx,
      limitPixels: limits.pixels,
      heicLimitPixels: pixels.heic,
      thumbnailPx,
    },
    jobTimeoutMs: inference.jobTimeoutMs,
    maxRssBytes: inference.maxRssBytes,
    log,
    hooks,
  });
  const photos = openPhotos({ pool, inspector, heic: limits.heic, wants });
  return {
    photos,
    pool,
    isFree() {
      const { ready, busy, queued } = pool.status();
      return queued === 0 && busy < ready;
    },
    async close() {
      await pool.close();
      await inspector.close();
    },
  };
}

/** An LLM that is asked first makes the local model's work needless, most of the time. */
function isLlmFirst({ strategy, llm }: Config): boolean {
  return strategy === 'llm-first' && llm !== undefined && Object.keys(llm.neverSend).length === 0;
}
