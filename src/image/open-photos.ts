import { formatOf } from './format.ts';
import type { Wants } from './job.ts';
import type { Photo } from './photo.ts';
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
  /** What every decode is for. */
  readonly wants: Wants;
}

interface Held {
  readonly photo: Photo;
  readonly analysis: SharedAnalysis;
  holders: number;
}

/** Photos in hand. Whoever opens bytes that somebody else holds open shares that photo, and its one decode. */
export function openPhotos({ pool, wants }: OpenPhotosOptions): OpenPhotos {
  const held = new Map<string, Held>();

  function hold(upload: ReceivedUpload): Held {
    const { sha256, release } = upload;
    const format = formatOf(upload.bytes);
    const sizeBytes = upload.bytes.length;
    const analysis = sharedAnalysis(
      // The bytes are asked for when they are needed: nothing here keeps them beyond their release.
      (context) => pool.analyse({ sha256, bytes: upload.bytes, format, wants }, context),
      release,
    );
    return { photo: { sha256, sizeBytes, format, analyse: analysis.join }, analysis, holders: 0 };
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
        },
      };
    },
  };
}
