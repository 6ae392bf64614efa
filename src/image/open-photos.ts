import type { Cost } from './firewall/limits.ts';
import { formatOf } from './format.ts';
import type { Inspector } from './inspector.ts';
import { passCost, type Wants } from './job.ts';
import { orOver, throwIfOver } from './patience.ts';
import type { AnalyseContext, Analysis, Photo } from './photo.ts';
import type { Pool } from './pool.ts';
import type { ReceivedUpload } from './receive.ts';
import { type SharedAnalysis, sharedAnalysis } from './shared-analysis.ts';

/** A photo that is held until it is closed. */
export interface OpenPhoto extends Photo {
  /** The holder is done with it. Once; later calls do nothing. */
  close(): void;
}

export interface OpenPhotos {
  /**
   * Takes over the upload: its bytes are dropped and given back to the budget as soon as nobody needs them.
   * @throws UnsupportedFormatError
   */
  open(upload: ReceivedUpload): OpenPhoto;
}

export interface OpenPhotosOptions {
  readonly pool: Pick<Pool, 'analyse'>;
  readonly inspector: Pick<Inspector, 'inspect'>;
  /** Whether HEIC photos are decoded, or refused as a format that is switched off. */
  readonly heic?: boolean;
  /** What every decode is for. */
  readonly wants: Wants;
}

interface Held {
  readonly photo: Photo;
  readonly analysis: SharedAnalysis;
  /** Aborts when the last holder is gone. */
  readonly closing: AbortController;
  holders: number;
}

const unending = { leftMs: () => Number.POSITIVE_INFINITY };

/** Photos in hand. Whoever opens bytes that somebody else holds open shares that photo, and its one decode. */
export function openPhotos({ pool, inspector, heic = true, wants }: OpenPhotosOptions): OpenPhotos {
  const held = new Map<string, Held>();

  function hold(upload: ReceivedUpload): Held {
    const { sha256, release } = upload;
    const format = formatOf(upload.bytes, { heic });
    const sizeBytes = upload.bytes.length;
    let cost: Promise<Cost> | undefined;
    const inspected = async () => (await upload.lend((bytes) => inspector.inspect(bytes, format))).cost;
    const closing = new AbortController();
    let inference: Promise<Analysis['probabilities']> | undefined;
    let isAwaited = false;

    /** By itself, whether anybody asks for it yet or not: an LLM may fail at any time. */
    function inferFrom(pixels: Buffer): void {
      const job = { sha256, bytes: pixels, format: 'pixels', cost: passCost } as const;
      const context = { deadline: unending, signal: closing.signal, isAwaited: () => isAwaited };
      const inferred = pool.analyse({ ...job, wants: { rendition: false, infer: true } }, context);
      inference = inferred.then(({ probabilities }) => probabilities);
      inference.catch(() => undefined);
    }

    // The bytes are asked for when they are needed: nothing here keeps them beyond their release.
    const analysis = sharedAnalysis(async (context) => {
      cost ??= inspected();
      const known = await cost;
      throwIfOver(context);
      const job = { sha256, bytes: upload.bytes, format, wants, cost: known };
      const decoded = await pool.analyse(job, context);
      if (!decoded.pixels) return decoded;
      const { pixels, ...analysed } = decoded;
      inferFrom(pixels);
      return analysed;
    }, release);

    async function probabilities(context: AnalyseContext) {
      const analysed = await analysis.join(context);
      isAwaited = true;
      return inference ? orOver(inference, context) : analysed.probabilities;
    }

    const photo = { sha256, sizeBytes, format, analyse: analysis.join, probabilities };
    return { photo, analysis, closing, holders: 0 };
  }

  function found(upload: ReceivedUpload): Held {
    const known = held.get(upload.sha256);
    if (known) {
      upload.release();
      return known;
    }
    try {
      const fresh = hold(upload);
      held.set(upload.sha256, fresh);
      return fresh;
    } catch (error) {
      upload.release();
      throw error;
    }
  }

  return {
    open(upload) {
      const shared = found(upload);
      shared.holders += 1;
      let isClosed = false;
      return {
        ...shared.photo,
        close() {
          if (isClosed) return;
          isClosed = true;
          shared.holders -= 1;
          if (shared.holders > 0) return;
          held.delete(shared.photo.sha256);
          shared.analysis.close();
          shared.closing.abort();
        },
      };
    },
  };
}
