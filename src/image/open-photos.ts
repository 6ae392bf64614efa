import { PhotoError } from '../errors.ts';
import { type SharedCall, shareCall } from '../resilience/shared-call.ts';
import { throwIfOver } from '../resilience/wait-until.ts';
import { formatOf } from './inspect/format.ts';
import type { Inspector } from './inspect/inspector.ts';
import type { DecodeCost } from './inspect/limits.ts';
import type { AnalyseContext, Photo, Wants } from './photo.ts';
import type { Job } from './pool/job.ts';
import type { Pool } from './pool/pool.ts';
import type { ReceivedUpload } from './upload/receive.ts';

/** A photo in use until it is closed. */
export interface OpenPhoto extends Photo {
  /** The holder is done with it. Once; later calls do nothing. */
  close(): void;
}

export interface OpenPhotos {
  /**
   * Takes over the upload: its bytes are dropped and given back to the budget as soon as no holder needs them.
   * @throws UnsupportedFormatError
   */
  open(upload: ReceivedUpload): OpenPhoto;
  /**
   * Rejects a photo whose bytes have not arrived, if an ordinary one would be rejected.
   * @throws UnavailableError overloaded
   */
  checkRoom(context: AnalyseContext): void;
}

export interface OpenPhotosOptions {
  readonly pool: Pick<Pool, 'analyse' | 'checkRoom'>;
  readonly inspector: Pick<Inspector, 'inspect'>;
  /** Whether HEIC photos are decoded, or refused as a format that is switched off. */
  readonly heic?: boolean;
  /** What every decode is for. */
  readonly wants: Wants;
}

interface SharedPhoto {
  readonly photo: Photo;
  /** No further requests follow; waiting callers continue. */
  readonly close: () => void;
  users: number;
}

/** Photos in hand. Callers that open the same bytes share one photo and its decode. */
export function openPhotos({ pool, inspector, heic = true, wants }: OpenPhotosOptions): OpenPhotos {
  const photos = new Map<string, SharedPhoto>();

  function newPhoto(upload: ReceivedUpload): SharedPhoto {
    const { sha256, release } = upload;
    const format = formatOf(upload.bytes, { heic });
    const sizeBytes = upload.bytes.length;
    let cost: Promise<DecodeCost> | undefined;
    const inspected = async () => (await upload.transfer((bytes) => inspector.inspect(bytes, format))).cost;

    // Each use reads the bytes anew, so that nothing keeps them after their release.
    const analysis = onceForAll(async (context: AnalyseContext) => {
      cost ??= inspected();
      const known = await cost;
      throwIfOver(context);
      const job = { kind: 'decode', sha256, bytes: upload.bytes, format, wants, cost: known } as const;
      return pool.analyse(job, context);
    }, release);

    /** Runs on request only, because most answers don't need the local model. */
    const inference = onceForAll(async (context: AnalyseContext) => {
      const { rendition, whole = rendition, probabilities } = await analysis.join(context);
      if (probabilities !== undefined || whole.length === 0) return probabilities;
      return (await pool.analyse(inferenceJob(sha256, whole), context)).probabilities;
    });

    const photo = { sha256, sizeBytes, format, analyse: analysis.join, probabilities: inference.join };
    return { photo, close: analysis.close, users: 0 };
  }

  function sharedFor(upload: ReceivedUpload): SharedPhoto {
    const known = photos.get(upload.sha256);
    if (known) {
      upload.release();
      return known;
    }
    try {
      const fresh = newPhoto(upload);
      photos.set(upload.sha256, fresh);
      return fresh;
    } catch (error) {
      upload.release();
      throw error;
    }
  }

  return {
    checkRoom: (context) => pool.checkRoom(context),
    open(upload) {
      const shared = sharedFor(upload);
      shared.users += 1;
      let isClosed = false;
      return {
        ...shared.photo,
        close() {
          if (isClosed) return;
          isClosed = true;
          shared.users -= 1;
          if (shared.users > 0) return;
          photos.delete(shared.photo.sha256);
          shared.close();
        },
      };
    },
  };
}

/**
 * The network sees the rendition, which is at hand, in place of the upload, which is gone: the same answers, and
 * probabilities that differ by 0.0003 on average (bench/decode-once.ts).
 */
function inferenceJob(sha256: string, rendition: Buffer): Job {
  return {
    kind: 'inference',
    sha256,
    bytes: rendition,
    format: 'jpeg',
    wants: { rendition: false, infer: true },
    cost: { cpuMs: 0, megabytes: 1 },
  };
}

interface OnceForAll<T> {
  /** The one call, started by the first caller. A caller's own deadline and signal end only its own wait. */
  join(context: AnalyseContext): Promise<T>;
  /** No caller joins any more; those that joined continue. */
  close(): void;
}

/**
 * Runs something once for all who ask: until the latest of their deadlines, given up when the last of them is gone. A
 * result and a PhotoError are kept; after any other failure the next one to join tries again.
 * @param drop called once, when the work will not be begun again
 */
function onceForAll<T>(run: (context: AnalyseContext) => Promise<T>, drop?: () => void): OnceForAll<T> {
  let outcome: Promise<T> | undefined;
  let flight: SharedCall<T, AnalyseContext> | undefined;
  let underWay = 0;
  let isClosed = false;
  let isDropped = false;

  function dropIfDone(): void {
    if (isDropped || !(outcome || (isClosed && underWay === 0))) return;
    isDropped = true;
    drop?.();
  }

  function begin(first: AnalyseContext): SharedCall<T, AnalyseContext> {
    underWay += 1;
    // Other fields of the context are those of the first caller.
    const begun = shareCall(first, ({ deadline, signal }) => run({ ...first, deadline, signal }));
    const end = (isFinal: boolean) => {
      underWay -= 1;
      if (flight === begun) flight = undefined;
      if (isFinal) outcome ??= begun.outcome;
      dropIfDone();
    };
    begun.outcome.then(
      () => end(true),
      (error: unknown) => end(error instanceof PhotoError),
    );
    return begun;
  }

  return {
    async join(context) {
      throwIfOver(context);
      if (outcome) return outcome;
      // A caller that would join an aborted call needs a new one.
      if (flight?.signal.aborted) flight = undefined;
      if (isClosed && !flight) throw new Error('the photo is closed');
      flight ??= begin(context);
      return flight.join(context);
    },
    close() {
      isClosed = true;
      dropIfDone();
    },
  };
}
