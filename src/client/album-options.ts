import type { PhotoAnswer } from './answer.ts';
import type { ClientError } from './client-error.ts';
import type { AlbumPhoto, Hash } from './photo.ts';
import type { RetryOptions } from './retries.ts';
import type { AlbumSummary } from './tally.ts';

export interface PhotoOutcome<P extends AlbumPhoto> {
  /** Position in the album. */
  readonly index: number;
  readonly photo: P;
  /** Absent if the photo could not be read. */
  readonly hash?: string;
  readonly result: PhotoAnswer | ClientError;
  /** The same bytes as a photo of the album that was answered already. */
  readonly isDuplicate: boolean;
}

export interface AlbumOptions<P extends AlbumPhoto> extends RetryOptions {
  /** Photos at once. Default: as many as the service recommends. */
  readonly concurrency?: number | undefined;
  /** Hashes photos without a hash of their own. Default: WebCrypto, or JavaScript where there is none. */
  readonly hash?: Hash | undefined;
  readonly onPhoto?: (outcome: PhotoOutcome<P>) => void;
  /** Called after every photo. */
  readonly onProgress?: (progress: AlbumSummary) => void;
  /** When it aborts, photos in flight finish and no others start. */
  readonly stop?: AbortSignal | undefined;
  /** When it aborts, photos in flight end too. */
  readonly signal?: AbortSignal | undefined;
}
