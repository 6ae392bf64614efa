import type { Logger } from 'pino';
import { withDecodeTurns } from '../classify/decode-turns.ts';
import type { Config } from '../config.ts';
import { isDear } from '../image/dear.ts';
import { enoughThumbnailPx } from '../image/firewall/iso-media.ts';
import { pixelLimitsOf } from '../image/firewall/limits.ts';
import { openInspector } from '../image/inspector.ts';
import { type OpenPhotos, openPhotos } from '../image/open-photos.ts';
import { openPool, type Pool, type PoolHooks } from '../image/pool.ts';
import { withOriginals } from '../image/with-originals.ts';
import type { LocalSide } from './local-side.ts';

/** Headers are read in a thread, then albums take turns, then photos are decoded and inferred in children. */
export interface ImageSide {
  readonly photos: OpenPhotos;
  readonly pool: Pick<Pool, 'ready' | 'status'>;
  close(): Promise<void>;
}

const unaskedRenditionPx = 512;

export function openImageSide(
  config: Config,
  { manifest, manifestFile }: Pick<LocalSide, 'manifest' | 'manifestFile'>,
  { log, hooks }: { log: Logger; hooks: PoolHooks },
): ImageSide {
  const { inference, limits } = config;
  const wants = {
    rendition: config.strategy !== 'local-only',
    infer: manifest !== undefined && (isLlmFirst(config) ? ('later' as const) : true),
  };
  const renditionPx = config.llm?.imagePx ?? unaskedRenditionPx;
  const networkPx = manifest && Math.max(manifest.input.widthPx, manifest.input.heightPx);
  const thumbnailPx = enoughThumbnailPx(networkPx, wants.rendition ? renditionPx : undefined);
  const pixels = pixelLimitsOf(limits.pixels, limits.pixelsByKind);
  const inspector = openInspector({ limits: pixels, thumbnailPx });
  const pool = openPool({
    size: inference.processes,
    queueLimit: inference.queue,
    queueMs: inference.queueMs,
    childUrl: new URL('../child.ts', import.meta.url),
    childOptions: { manifestFile, renditionPx, limitPixels: limits.pixels, thumbnailPx },
    jobTimeoutMs: inference.jobTimeoutMs,
    maxRssBytes: inference.maxRssBytes,
    log,
    hooks,
  });
  const turned = withDecodeTurns(pool, {
    atOnce: inference.processes + 1,
    maxWaiting: inference.queue,
    isDear,
  });
  const decoded = openPhotos({ pool: turned, inspector, heic: limits.heic, wants });
  return {
    photos: config.llm?.sendsOriginals ? withOriginals(decoded, pixels) : decoded,
    pool,
    async close() {
      await pool.close();
      await inspector.close();
    },
  };
}

/** An LLM that is asked whatever the local model says need not wait for that. */
function isLlmFirst({ strategy, llm }: Config): boolean {
  return strategy === 'llm-first' && llm !== undefined && Object.keys(llm.neverSend).length === 0;
}
