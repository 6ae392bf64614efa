import type { PhotoAnswer } from './answer.ts';
import type { ClientError } from './client-error.ts';
import type { AlbumPhoto } from './photo.ts';

/** A photo on its way to a classifier. */
export interface Sending {
  readonly photo: AlbumPhoto;
  readonly hash: string;
}

/** How an album's photos are looked up and classified: over HTTP, or in this process. */
export interface Transport {
  /** Most hashes of one look-up. */
  readonly lookUpSize: number;
  /** Most photos of one call of `classify`. */
  readonly batchSize: number;
  readonly batchBytes: number;
  /** How long finished photos' places are gathered, so that the next batch has more than one. */
  readonly gatherMs: number;
  /** Photos at once that make sense at present. */
  atOnce(): number;
  /**
   * An answer or undefined for each hash.
   * @param isRepeated by a caller that waits for better answers; photos are not counted again
   * @throws ClientError
   */
  lookUp(
    hashes: readonly string[],
    signal: AbortSignal | undefined,
    isRepeated?: boolean,
  ): Promise<(PhotoAnswer | undefined)[]>;
  /**
   * Tells how each photo ended as soon as it has.
   * @throws ClientError for every photo without an outcome
   */
  classify(
    batch: readonly Sending[],
    onOutcome: (position: number, outcome: PhotoAnswer | ClientError) => void,
    signal: AbortSignal | undefined,
  ): Promise<void>;
}
